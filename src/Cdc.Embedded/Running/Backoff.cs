namespace Cdc.Embedded.Running;

/// <summary>Pauses that double from one second to thirty, and an end to patience.</summary>
sealed class Backoff(TimeProvider time, TimeSpan patience)
{
    static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    TimeSpan _next = First;
    long? _since;

    /// <summary>The next pause, or null if it was tried for long enough.</summary>
    public TimeSpan? Next()
    {
        _since ??= time.GetTimestamp();
        if (patience > TimeSpan.Zero && time.GetElapsedTime(_since.Value) >= patience) return null;
        TimeSpan pause = _next;
        _next = TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, Longest.Ticks));
        return pause;
    }

    public void Reset() => (_next, _since) = (First, null);
}
