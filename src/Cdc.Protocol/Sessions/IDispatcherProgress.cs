namespace Cdc.Protocol.Sessions;

/// <summary>What the collector asks of the dispatchers of its node. Asked rarely: at a reset, and every 10 s. So nobody
/// has to tell it all the time.</summary>
public interface IDispatcherProgress
{
    /// <summary>Up to where the dispatcher's events are durable downstream; null: it is not there.</summary>
    CommitTs? CheckpointOf(Mode mode, DispatcherId dispatcher);
}
