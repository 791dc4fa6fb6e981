namespace Cdc.Protocol.Changefeeds;

/// <summary>The times of a changefeed.</summary>
public static class ChangefeedTimes
{
    /// <summary>How often a checkpoint is stored at most.</summary>
    public static readonly TimeSpan Store = TimeSpan.FromSeconds(1);

    /// <summary>How often something is said again that has not been answered.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);

    /// <summary>A maintainer that has not been heard of for so long may be gone.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    /// <summary>One that is removed and is activated again was asked something: what that was may come behind the
    /// activation.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <summary>The pause after the first failure; each failure without progress doubles it.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>How long it may be down without progress before it fails for good.</summary>
    public static readonly TimeSpan GiveUp = TimeSpan.FromMinutes(30);

    /// <summary>A pause varies by a tenth, so that changefeeds that fail together do not come back together.</summary>
    internal const int VaryPerMille = 100;
}
