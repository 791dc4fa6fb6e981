namespace Cdc.Protocol.Sessions;

/// <summary>Times and sizes of event delivery.</summary>
public static class SessionLimits
{
    /// <summary>No batch of a stream is larger, unless one single item is. Transports lose larger ones in
    /// silence.</summary>
    public const int BatchBytes = 512 * 1024;

    /// <summary>What one piece of a step's rows may have at most, where the log can cut it.</summary>
    public const int PieceBytes = 128 * 1024;

    /// <summary>How many sessions one item or message names at most.</summary>
    public const int NamedSessions = 4096;

    /// <summary>The pause before a Register or a Reset is repeated for the first time; it doubles.</summary>
    internal static readonly TimeSpan FirstRepeat = TimeSpan.FromSeconds(1);

    internal static readonly TimeSpan LongestRepeat = TimeSpan.FromSeconds(10);

    /// <summary>The pause before a Reset that was refused is tried again.</summary>
    internal static readonly TimeSpan RefusedRepeat = TimeSpan.FromSeconds(60);

    /// <summary>The same where it was lost: its dispatcher may have had it in hand then, and not by now.</summary>
    internal static readonly TimeSpan LostRepeat = TimeSpan.FromSeconds(10);

    internal static readonly TimeSpan HeartbeatPace = TimeSpan.FromSeconds(10);

    /// <summary>A grant is repeated this often, since it may have been lost.</summary>
    internal static readonly TimeSpan CreditRepeat = TimeSpan.FromSeconds(1);

    /// <summary>The shortest pause between two Resolved of a stream; the tick is the longest.</summary>
    internal static readonly TimeSpan ResolvedPace = TimeSpan.FromMilliseconds(20);

    /// <summary>How often the last numbers of all sessions are stated unasked: <see cref="RestatePace"/>, and
    /// <see cref="RestatePerSession"/> more for each.</summary>
    internal static readonly TimeSpan RestatePace = TimeSpan.FromSeconds(2);

    internal static readonly TimeSpan RestatePerSession = TimeSpan.FromMicroseconds(100);

    /// <summary>How often they are asked for after a gap.</summary>
    internal static readonly TimeSpan RestateAskPace = TimeSpan.FromMilliseconds(500);

    /// <summary>A session without a heartbeat for so long is forgotten.</summary>
    internal static readonly TimeSpan SessionExpiry = TimeSpan.FromHours(1);
}
