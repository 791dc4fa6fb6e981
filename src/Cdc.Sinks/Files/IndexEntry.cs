using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>What an index entry says.</summary>
internal enum EntryKind
{
    /// <summary>A new owner begins; an earlier owner's next entry would have this number and can't be made.</summary>
    Seal,

    /// <summary>Rows of the stream, up to the entry's position.</summary>
    Stream,

    /// <summary>The complete copy of one table.</summary>
    Snapshot,
}

/// <summary>One file that an entry names.</summary>
/// <param name="Name">Relative to the directory.</param>
/// <param name="Bytes">Its length on disk.</param>
/// <param name="First">Position of its first row.</param>
/// <param name="Last">Position of its last row.</param>
/// <param name="Checksum">CRC-32C of its bytes on disk.</param>
internal sealed record NamedFile(string Name, long Bytes, long Lines, CommitTs First, CommitTs Last, uint Checksum);

/// <summary>The table whose copy an entry names.</summary>
internal sealed record CopiedTable(TableId Id, TableName Name, CommitTs At);

/// <summary>One entry of the index: a file of its own, made whole or not at all, never changed.</summary>
internal sealed record IndexEntry
{
    public required long Number { get; init; }
    public required EntryKind Kind { get; init; }
    public required Owner Owner { get; init; }

    /// <summary>Names the process that wrote it, so that a writer knows its own entry from another's.</summary>
    public required string Writer { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Everything of the stream at or before it is in the files named up to here.</summary>
    public required CommitTs Position { get; init; }

    public ImmutableArray<NamedFile> Files { get; init; } = [];

    /// <summary>Of a snapshot.</summary>
    public CopiedTable? Table { get; init; }

    /// <summary>Of a seal: every table copied so far, so that a start reads from the last seal on.</summary>
    public ImmutableSortedDictionary<TableId, CommitTs> Copied { get; init; } =
        ImmutableSortedDictionary<TableId, CommitTs>.Empty;
}

/// <summary>How far the stream is while nothing is written. Belongs to one seal; another owner's is ignored.</summary>
internal sealed record IdlePosition(long Seal, CommitTs Position);
