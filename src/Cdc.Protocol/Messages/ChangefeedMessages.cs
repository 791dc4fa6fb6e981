using System.Collections.Immutable;

namespace Cdc.Protocol.Messages;

/// <summary>Maintainer to changefeed: an activating maintainer asks to be the one. Asked for only then.</summary>
/// <param name="Instance">Names the activation. The same one asking again gets the epoch it has, so that a lost answer
/// costs nothing.</param>
public sealed record EpochRequest(Guid Instance) : ControlMessage(Epoch.None);

/// <summary>Changefeed to maintainer: the epoch is persisted; from here on it may speak.</summary>
/// <param name="Epoch">Greater than every one before.</param>
/// <param name="Instance">The activation that asked.</param>
/// <param name="Purpose">What it is to do.</param>
/// <param name="Checkpoint">The persisted one.</param>
/// <param name="TargetTs">Where to end; null: never.</param>
/// <param name="Parked">Tables that are out of the schedule until they are copied again.</param>
/// <param name="HasRedo">Whether there is a second pipeline.</param>
public sealed record EpochGrant(
    Epoch Epoch,
    Guid Instance,
    MaintainerPurpose Purpose,
    CommitTs Checkpoint,
    CommitTs? TargetTs,
    ImmutableArray<ParkedTable> Parked,
    bool HasRedo) : ControlMessage(Epoch);

/// <summary>What a maintainer is granted its epoch for.</summary>
public enum MaintainerPurpose : byte
{
    /// <summary>To keep the changefeed running.</summary>
    Run = 0,

    /// <summary>To close every dispatcher manager, and end.</summary>
    Pause = 1,

    /// <summary>To close every dispatcher manager, have it clean up what is left of the changefeed, and end.</summary>
    Remove = 2,
}

/// <summary>Changefeed to maintainer: no epoch, since the changefeed does not run; the activation ends.</summary>
public sealed record EpochRefused(Guid Instance) : ControlMessage(Epoch.None);

/// <summary>Anyone to a maintainer: there is a later epoch, so it has ended.</summary>
public sealed record Superseded(Epoch Epoch, Epoch Current) : ControlMessage(Epoch);

/// <summary>Maintainer to changefeed: how far it is.</summary>
/// <param name="Epoch">Its own.</param>
/// <param name="Checkpoint">Everything up to it is durable downstream; never lower than reported before.</param>
/// <param name="IsBootstrapped">Whether every node has answered, so that the checkpoint is its own finding.</param>
/// <param name="Failures">What stops it, by node; looked at before the checkpoint is.</param>
public sealed record MaintainerReport(
    Epoch Epoch, CommitTs Checkpoint, bool IsBootstrapped, ImmutableArray<NodeFailure> Failures)
    : ControlMessage(Epoch);

/// <summary>Changefeed to maintainer: this checkpoint is persisted, so the source may forget what lies before
/// it.</summary>
public sealed record CheckpointPersisted(Epoch Epoch, CommitTs Checkpoint) : ControlMessage(Epoch);

/// <summary>Maintainer to changefeed: take a table out of the schedule; or put it back, copied at a position.</summary>
/// <param name="Epoch">Its own.</param>
/// <param name="Table">Which.</param>
/// <param name="Number">Counts what the epoch has asked of the table, from 1: a lower one than the last is late, so
/// that a repeat from before can't put back a table that was parked again since.</param>
/// <param name="CopiedAt">Null to park it; else the position of the copy that ends the parking. Of a table that is
/// dropped there is nothing to copy: a position that the drop, and the persisted checkpoint, are not behind.</param>
public sealed record ParkRequest(Epoch Epoch, TableId Table, ulong Number, CommitTs? CopiedAt) : ControlMessage(Epoch);

/// <summary>Changefeed to maintainer: that is persisted.</summary>
public sealed record ParkPersisted(Epoch Epoch, TableId Table, ulong Number, CommitTs? CopiedAt)
    : ControlMessage(Epoch);

/// <summary>Changefeed to maintainer: these parked tables are to be copied and come back. Said as an answer to every
/// report for as long as they are parked.</summary>
public sealed record CopyTables(Epoch Epoch, ImmutableArray<WantedCopy> Tables) : ControlMessage(Epoch);

/// <summary>Changefeed to maintainer: close everything and end.</summary>
public sealed record StopMaintainer(Epoch Epoch, bool Remove) : ControlMessage(Epoch);

/// <summary>Maintainer to changefeed: everything it could reach is closed.</summary>
public sealed record MaintainerStopped(Epoch Epoch) : ControlMessage(Epoch);

/// <summary>Manager to changefeed: I have heard nothing of this epoch's maintainer for long; is anything to run? Where
/// nothing is, and nobody is to come and say so, it is answered with a <see cref="CloseRequest"/>; else not at all: a
/// maintainer lives, or comes.</summary>
/// <param name="Epoch">The one that the manager obeys.</param>
public sealed record MaintainerSought(Epoch Epoch) : ControlMessage(Epoch);

/// <summary>A table that is out of the schedule and of every barrier.</summary>
public readonly record struct ParkedTable(TableId Table);

/// <param name="Number">The last <see cref="ParkRequest"/> of the epoch that has been heard for the table; 0: none. If
/// the maintainer has asked for more since, this is late.</param>
public readonly record struct WantedCopy(TableId Table, ulong Number);

/// <summary>Why a node can't go on.</summary>
/// <param name="Node">Which node; default: the maintainer itself.</param>
/// <param name="Kind">One of a closed list, which the host maps from its own.</param>
/// <param name="Message">A sentence without values of rows.</param>
/// <param name="Of">The incarnation that it stops, and the changefeed only if it is the one that the schedule has
/// there; null: the whole node.</param>
public sealed record NodeFailure(NodeId Node, FaultKind Kind, string Message, DispatcherKey? Of);

/// <summary>What a failure lets one do about it.</summary>
public enum FaultKind : byte
{
    /// <summary>May pass: try again with a growing pause.</summary>
    Transient = 0,

    /// <summary>Only an operator can do something about it.</summary>
    Permanent = 1,
}
