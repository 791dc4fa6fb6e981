using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Managing;

/// <summary>Cancel everything that the sink and the sessions of this manager do, and wait for none of it.</summary>
public sealed record CancelWritePath : Effect;

/// <summary>Everything of the changefeed is closed here, and the changefeed is removed: clean up what only it has on
/// this node and at the sink. It may be asked for again.</summary>
public sealed record CleanUp : Effect;

/// <summary>This checkpoint of the changefeed is persisted; never lower than before.</summary>
public sealed record CheckpointKnown(CommitTs Checkpoint) : Effect;
