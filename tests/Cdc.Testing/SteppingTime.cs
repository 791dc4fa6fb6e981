namespace Cdc.Testing;

/// <summary>A clock that goes on when it is told to. Its timers are real.</summary>
public sealed class SteppingTime : TimeProvider
{
    long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public void Step(TimeSpan by) => Interlocked.Add(ref _now, by.Ticks);
}
