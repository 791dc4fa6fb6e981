namespace Cdc.Protocol.Barriers;

/// <summary>The times and limits of a maintainer's half of block events.</summary>
internal static class BarrierLimits
{
    /// <summary>How often an open event is looked at whole, and WRITE and PASS are said again.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);

    /// <summary>How often one is asked to report of which only a former incarnation has: as often as it would by
    /// itself.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <summary>A wave of PASS to a schema or to all waits until no status of the event has come for so long. Longer
    /// than <see cref="Repeat"/>, else it would never hold anything back.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    /// <summary>It waits no longer than this after the last wave that went out.</summary>
    public static readonly TimeSpan QuietCap = TimeSpan.FromSeconds(10);

    /// <summary>How long a barrier waits for a table that a failure holds.</summary>
    public static readonly TimeSpan HeldWait = TimeSpan.FromMinutes(1);

    /// <summary>A held table that no barrier has asked for during this time is no longer waited for.</summary>
    public static readonly TimeSpan HeldForget = TimeSpan.FromSeconds(3);

    /// <summary>How many spans a wave to a schema names one by one.</summary>
    public const int NamedInWave = 1000;
}
