namespace Cdc.Protocol.Dispatching;

/// <summary>What the dispatchers of one mode on a node have in common.</summary>
sealed class DispatcherShared(Mode mode)
{
    ulong _sessions;

    public Mode Mode { get; } = mode;
    public BlockStatusBuffer Reports { get; } = new();
    public SharedResolved Resolved { get; } = new();

    /// <summary>Those whose state is to be told with the next heartbeat.</summary>
    public List<Dispatcher> Changed { get; } = [];

    /// <summary>Never used before on this node and mode.</summary>
    public ulong NextSession() => ++_sessions;
}
