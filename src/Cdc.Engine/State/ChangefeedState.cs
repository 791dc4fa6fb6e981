using System.Collections.Immutable;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.State;

/// <summary>How far the snapshot is.</summary>
public enum SnapshotPhase
{
    /// <summary>Tables are being copied; those in <see cref="ChangefeedState.Copied"/> are done.</summary>
    Copying,
    Done,
}

/// <summary>All that one changefeed must remember, in one record, so that one compare-and-swap covers it.</summary>
public sealed record ChangefeedState
{
    /// <summary>The format this build writes. A newer one is refused by name.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;
    public required string Name { get; init; }

    /// <summary>Counts saves; the store refuses a save that does not follow the one it holds.</summary>
    public long Revision { get; init; }

    public required SourceIdentity Source { get; init; }

    /// <summary>The name of our place in the source's log.</summary>
    public required string Slot { get; init; }

    /// <summary>Fencing number, raised and saved before each new run may write.</summary>
    public ulong Epoch { get; init; }

    /// <summary>The first position that the stream can be read from.</summary>
    public CommitTs FirstConsistent { get; init; }

    /// <summary>Everything at or before it is durable downstream. Never goes back.</summary>
    public CommitTs Checkpoint { get; init; }

    /// <summary>The last row of the stream known to be durable in the target. A target that keeps a record of its own
    /// and says less has lost rows.</summary>
    public CommitTs Written { get; init; }

    /// <summary>Whether the target keeps a record of its own: then one that has none is not the target we wrote
    /// to.</summary>
    public bool TargetKeepsRecord { get; init; }

    public SnapshotPhase Snapshot { get; init; }

    /// <summary>Tables whose copy is complete, and the position of each copy.</summary>
    public ImmutableSortedDictionary<TableId, CommitTs> Copied { get; init; } =
        ImmutableSortedDictionary<TableId, CommitTs>.Empty;

    /// <summary>The options of the last run, secrets masked, for people and for noticing changes.</summary>
    public ImmutableSortedDictionary<string, string> Options { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;
}
