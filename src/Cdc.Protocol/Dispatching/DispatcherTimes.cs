namespace Cdc.Protocol.Dispatching;

/// <summary>How long a dispatcher waits for what.</summary>
public static class DispatcherTimes
{
    /// <summary>A report that is not acknowledged is repeated.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(5);

    /// <summary>The first pause after a failure; it doubles with each further one.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>The pause after so many failures in a row, the first of which is number 1.</summary>
    public static TimeSpan PauseAfter(int failures)
    {
        TimeSpan pause = FirstPause;
        for (int i = 1; i < failures && pause < LongestPause; i++) pause *= 2;
        return pause < LongestPause ? pause : LongestPause;
    }
}
