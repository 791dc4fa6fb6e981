namespace Cdc.Protocol.Dispatching;

/// <summary>Numbers the sessions of a manager's dispatchers, of both modes together: a Resolved says up to which of
/// them it holds, and means all of them.</summary>
sealed class SessionNumbers
{
    ulong _last;

    /// <summary>Never used before by this manager.</summary>
    public ulong Next() => ++_last;
}
