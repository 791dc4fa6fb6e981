using System.Collections.Immutable;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>What one open block event is waiting for.</summary>
/// <param name="Event">Which.</param>
/// <param name="Influence">Whom it stops.</param>
/// <param name="Phase">How far it is.</param>
/// <param name="Age">Since it was first reported to this maintainer.</param>
/// <param name="InPhase">Since this phase began.</param>
/// <param name="Writer">Who was told to execute it; null: nobody.</param>
/// <param name="MissingCount">How many spans have not reported; while passing, are not beyond it.</param>
/// <param name="Missing">Some of them.</param>
/// <param name="UnknownTables">Tables that it names and the schedule does not know, as long as the table trigger has
/// not come so far that this is known to be right.</param>
/// <param name="HeldTables">Tables that it needs and that a failure holds.</param>
/// <param name="SplitTables">Tables that have to become one span first.</param>
/// <param name="Behind">An earlier event that has to change the schedule first; null: none.</param>
public sealed record BarrierWait(
    BlockEventId Event,
    Influence Influence,
    BarrierPhase Phase,
    TimeSpan Age,
    TimeSpan InPhase,
    DispatcherId? Writer,
    int MissingCount,
    ImmutableArray<MissingSpan> Missing,
    ImmutableArray<TableId> UnknownTables,
    ImmutableArray<TableId> HeldTables,
    ImmutableArray<TableId> SplitTables,
    BlockEventId? Behind);

/// <summary>A span that a block event waits for.</summary>
/// <param name="Dispatcher">Who.</param>
/// <param name="Span">What it owns.</param>
/// <param name="Node">Where it runs or is to run.</param>
/// <param name="State">Whether its reports would count.</param>
/// <param name="Checkpoint">How far it is known to be.</param>
/// <param name="Held">What kind of failure holds it; null: none.</param>
/// <param name="Seen">What it was last seen doing about this event.</param>
/// <param name="For">Since it was seen so; of one that was never seen, since the event was opened.</param>
public sealed record MissingSpan(
    DispatcherId Dispatcher,
    TableSpan Span,
    NodeId Node,
    TaskState State,
    CommitTs Checkpoint,
    FaultKind? Held,
    LastSeen Seen,
    TimeSpan For);

/// <summary>What a span was last seen doing about a block event.</summary>
public enum LastSeen : byte
{
    /// <summary>It has not reported it.</summary>
    Nothing = 0,

    /// <summary>It has reported that it stands there.</summary>
    Waiting = 1,

    /// <summary>It was told to execute it, or was seen at it.</summary>
    Writing = 2,

    /// <summary>An incarnation of it that is gone has reported; the present one has not.</summary>
    Replaced = 3,
}
