using System.Collections.Immutable;

namespace Cdc.Protocol.Messages;

/// <summary>Maintainer to every manager it sees: I am the owner from here on; what have you?</summary>
/// <param name="Epoch">Its own. The manager takes it if it is greater than its own and than its tombstone.</param>
/// <param name="Checkpoint">The persisted one.</param>
/// <param name="Triggers">The table triggers' ids, by mode. A manager that has another one refuses and changes
/// nothing.</param>
public sealed record BootstrapRequest(Epoch Epoch, CommitTs Checkpoint, ImmutableArray<DispatcherId> Triggers)
    : ControlMessage(Epoch);

/// <summary>Manager to maintainer: everything it has, at one moment.</summary>
/// <param name="Epoch">The maintainer's.</param>
/// <param name="Spans">Its dispatchers, also those being removed.</param>
/// <param name="Operations">What it was told to do and has not finished.</param>
/// <param name="Refusal">Why it did not take the maintainer; then the rest is empty. None: null.</param>
public sealed record BootstrapResponse(
    Epoch Epoch,
    ImmutableArray<SpanSnapshot> Spans,
    ImmutableArray<OperationSnapshot> Operations,
    string? Refusal) : ControlMessage(Epoch);

/// <summary>Maintainer to every manager that answered: the schedule is rebuilt. The manager forgets stale creates and
/// offers again what waits.</summary>
public sealed record PostBootstrapRequest(Epoch Epoch) : ControlMessage(Epoch);

/// <summary>Manager to maintainer: done.</summary>
public sealed record PostBootstrapResponse(Epoch Epoch) : ControlMessage(Epoch);

/// <summary>Maintainer to managers: close everything of the changefeed. Also changefeed to a manager that has sought a
/// maintainer in vain: then its epoch is nobody's.</summary>
public sealed record CloseRequest(Epoch Epoch, bool Remove) : ControlMessage(Epoch);

/// <summary>Manager to maintainer: whether everything is closed yet. A stale sender is answered yes, so that it
/// ends.</summary>
public sealed record CloseResponse(Epoch Epoch, bool IsClosed) : ControlMessage(Epoch);

/// <summary>One dispatcher in a manager's answer.</summary>
/// <param name="Block">The block event that it stands at; none: null.</param>
public sealed record SpanSnapshot(
    Mode Mode,
    DispatcherId Id,
    Owner Owner,
    TableSpan Span,
    string Schema,
    ComponentState State,
    CommitTs Checkpoint,
    BlockSnapshot? Block);

/// <summary>A block event that a dispatcher has reported, or is writing or passing.</summary>
public sealed record BlockSnapshot(BlockEventId Event, BlockStage Stage, BlockPayload Payload);

/// <summary>An entry of a manager's journal of what it was told and has not finished.</summary>
/// <param name="Epoch">The epoch of the maintainer that said so.</param>
/// <param name="Item">A create or a remove; null for a merge.</param>
/// <param name="Merge">The merge; null otherwise.</param>
public sealed record OperationSnapshot(Epoch Epoch, Mode Mode, ScheduleItem? Item, MergeItem? Merge);
