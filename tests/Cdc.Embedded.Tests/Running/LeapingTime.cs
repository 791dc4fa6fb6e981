namespace Cdc.Embedded.Tests.Running;

/// <summary>A clock that leaps over each pause instead of waiting for it, and stands still otherwise. What is periodic
/// comes a thousand times as often.</summary>
sealed class LeapingTime : TimeProvider
{
    readonly Lock _gate = new();
    readonly List<TimeSpan> _pauses = [];
    long _now;

    /// <summary>What was leapt over.</summary>
    public IReadOnlyList<TimeSpan> Pauses
    {
        get
        {
            lock (_gate) return [.. _pauses];
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_gate) return _now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan) return base.CreateTimer(callback, state, dueTime / 1000, period / 1000);
        if (dueTime == Timeout.InfiniteTimeSpan) return base.CreateTimer(callback, state, dueTime, period);
        lock (_gate)
        {
            _pauses.Add(dueTime);
            _now += dueTime.Ticks;
        }
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
