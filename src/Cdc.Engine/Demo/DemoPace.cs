namespace Cdc.Engine.Demo;

/// <summary>Says how long to wait before the next transaction, so that their average rate is the one asked
/// for.</summary>
sealed class DemoPace(int rate, TimeProvider time)
{
    // Shorter waits than this are saved up: timers are coarser, and handing on one transaction at a time is slow.
    static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10);

    readonly long _began = time.GetTimestamp();
    long _count;

    public TimeSpan Next()
    {
        if (rate == 0) return TimeSpan.Zero;
        TimeSpan early = TimeSpan.FromSeconds((double)++_count / rate) - time.GetElapsedTime(_began);
        return early >= Least ? early : TimeSpan.Zero;
    }
}
