namespace Cdc.Protocol.Dispatching;

/// <summary>What the dispatchers of one mode on a node have in common.</summary>
sealed class DispatcherShared(Mode mode, SessionNumbers sessions)
{
    public Mode Mode { get; } = mode;
    public BlockStatusBuffer Reports { get; } = new();
    public SharedResolved Resolved { get; } = new();

    /// <summary>Those whose state is to be told with the next heartbeat.</summary>
    public List<Dispatcher> Changed { get; } = [];

    public ulong NextSession() => sessions.Next();
}
