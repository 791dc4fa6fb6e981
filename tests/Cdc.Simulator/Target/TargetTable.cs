using Cdc.Protocol;

namespace Cdc.Simulator.Target;

/// <summary>One table of the target: its shape, and per key what was applied last.</summary>
public sealed class TargetTable
{
    public uint Shape { get; set; } = 1;

    public SortedDictionary<uint, (CommitTs At, ulong Value)> Rows { get; } = [];

    /// <summary>The position of the copy that it began with: what the source did up to there is in it.</summary>
    public CommitTs CopiedAt { get; set; }

    /// <summary>It has lost rows while it was out of the schedule: only a copy makes it whole.</summary>
    public bool IsStale { get; set; }

    /// <summary>The positions that keys were at when TRUNCATE took their rows.</summary>
    public CommitTs TruncatedAt { get; set; }
}
