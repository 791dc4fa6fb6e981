namespace Cdc.Conformance.Tests.Faults;

/// <summary>A clock that stands, so that a paced source is always early and resolves each transaction by itself; what it
/// waits for comes at once.</summary>
sealed class StandingTime : TimeProvider
{
    public override long GetTimestamp() => 0;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(
            callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
}
