namespace Cdc.Protocol.Managing;

/// <summary>How often a manager says what, and how much at once.</summary>
public static class ManagerTimes
{
    /// <summary>Between two heartbeats when nothing but the watermark changes.</summary>
    public static readonly TimeSpan Watermark = TimeSpan.FromMilliseconds(200);

    /// <summary>Between two heartbeats with the state of every dispatcher.</summary>
    public static readonly TimeSpan Complete = TimeSpan.FromSeconds(10);

    /// <summary>Between two heartbeats with the node's failure.</summary>
    public static readonly TimeSpan Failure = TimeSpan.FromSeconds(5);

    /// <summary>A send that is not answered by then has failed.</summary>
    public static readonly TimeSpan Answer = TimeSpan.FromSeconds(5);

    /// <summary>A maintainer that runs says something to every node more often than that, unless it does not see the
    /// node, or is gone.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>How often the changefeed is asked then whether a maintainer is to come.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    /// <summary>The most reports of block events in one message.</summary>
    public const int StatusesPerRequest = 2048;
}
