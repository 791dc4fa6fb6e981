using System.Collections.Immutable;

namespace Cdc.Protocol.Messages;

/// <summary>Maintainer to manager: make and remove dispatchers.</summary>
public sealed record ScheduleRequest(Epoch Epoch, Mode Mode, ImmutableArray<ScheduleItem> Items)
    : ControlMessage(Epoch);

/// <summary>One dispatcher to make or to remove.</summary>
/// <param name="Action">Which.</param>
/// <param name="Operation">Which operation of the maintainer it is a part of: it decides what a takeover makes of a
/// remove.</param>
/// <param name="Id">The dispatcher.</param>
/// <param name="Owner">Of a create: the incarnation that it makes, which fences all before it. Of a remove: the
/// incarnation to remove; a later one stays.</param>
/// <param name="Span">What it owns.</param>
/// <param name="Schema">Its table's schema, for block events of a schema.</param>
/// <param name="Start">Of a create: it receives what lies behind it.</param>
/// <param name="Copies">Of a create: it copies the table first and then waits to be told where to start.</param>
public sealed record ScheduleItem(
    ScheduleAction Action,
    OperationKind Operation,
    DispatcherId Id,
    Owner Owner,
    TableSpan Span,
    string Schema,
    CommitTs Start,
    bool Copies);

public enum ScheduleAction : byte
{
    Create = 0,
    Remove = 1,
}

/// <summary>What a maintainer does with a span.</summary>
public enum OperationKind : byte
{
    Add = 0,
    Remove = 1,
    Move = 2,
    Split = 3,
    Merge = 4,
}

/// <summary>Maintainer to manager: make one dispatcher of several that lie side by side on this node.</summary>
public sealed record MergeRequest(Epoch Epoch, Mode Mode, MergeItem Item) : ControlMessage(Epoch);

/// <param name="Id">The merged dispatcher.</param>
/// <param name="Owner">Its incarnation.</param>
/// <param name="Span">The sources' spans together.</param>
/// <param name="Schema">Their table's schema.</param>
/// <param name="Sources">In the order of their spans, without a gap.</param>
public sealed record MergeItem(
    DispatcherId Id, Owner Owner, TableSpan Span, string Schema, ImmutableArray<DispatcherId> Sources);

/// <summary>Manager to maintainer: how far its dispatchers are, and what became of them.</summary>
/// <param name="Watermark">Over all of its dispatchers of the mode at this moment, also those that it is about to
/// remove.</param>
/// <param name="Statuses">Those that changed, or all of them.</param>
/// <param name="IsComplete">Whether it is all of them: a dispatcher that is not among them is not there.</param>
/// <param name="Failures">What stops the node.</param>
public sealed record Heartbeat(
    Epoch Epoch,
    Mode Mode,
    Watermark Watermark,
    ImmutableArray<SpanStatus> Statuses,
    bool IsComplete,
    ImmutableArray<NodeFailure> Failures) : ControlMessage(Epoch);

/// <summary>The minimum over a manager's dispatchers.</summary>
/// <param name="Sequence">Grows whenever a dispatcher is added: then, and only then, the checkpoint may be lower than
/// before.</param>
/// <param name="Checkpoint">Null: it has none.</param>
public readonly record struct Watermark(ulong Sequence, CommitTs? Checkpoint);

/// <param name="Copied">Where a dispatcher that copies its table stands: the position of the finished copy; null
/// before.</param>
/// <param name="Held">What kind of failure holds it; null: none does.</param>
public readonly record struct SpanStatus(
    DispatcherId Id, Owner Owner, ComponentState State, CommitTs Checkpoint, CommitTs? Copied, FaultKind? Held);

/// <summary>Manager to maintainer: how much those of its dispatchers have written that have written more since the last
/// report.</summary>
public sealed record TrafficReport(Epoch Epoch, Mode Mode, ImmutableArray<SpanTraffic> Spans) : ControlMessage(Epoch);

/// <param name="Written">How many bytes of rows the sink has taken from the incarnation in all; what it had to be given
/// again counts again.</param>
public readonly record struct SpanTraffic(DispatcherId Id, Owner Owner, ulong Written);

/// <summary>Where a dispatcher is in its life.</summary>
public enum ComponentState : byte
{
    /// <summary>It is made and claims its span at the sink.</summary>
    Initializing = 0,

    /// <summary>It copies its table, or has copied it and waits to be told to start.</summary>
    Copying = 1,

    /// <summary>It has its span and takes events.</summary>
    Working = 2,

    /// <summary>It is the target of a merge and waits for its sources.</summary>
    Preparing = 3,

    /// <summary>It is a source of a merge.</summary>
    WaitingMerge = 4,

    /// <summary>It is being removed.</summary>
    Stopping = 5,

    /// <summary>It is gone; its checkpoint is final.</summary>
    Stopped = 6,
}

/// <summary>Maintainer to managers: this checkpoint is persisted. Not fenced: it is a fact, not an order.</summary>
public sealed record CheckpointNotice(Epoch Epoch, CommitTs Checkpoint) : ControlMessage(Epoch);
