namespace Cdc.Embedded.Tests.Running;

/// <summary>A clock whose timers run a thousand times faster, so that pauses are waited for and cost nothing.</summary>
sealed class HastyTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, Faster(dueTime), Faster(period));

    static TimeSpan Faster(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan ? time : TimeSpan.FromTicks(Math.Max(time.Ticks / 1000, TimeSpan.TicksPerMillisecond));
}
