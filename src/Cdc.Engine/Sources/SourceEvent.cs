using System.Collections.Immutable;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Sources;

/// <summary>What a source's stream consists of, in commit order.</summary>
public abstract record SourceEvent
{
    SourceEvent() { }

    /// <summary>Rows of one table. The receiver releases the batch.</summary>
    public sealed record Rows(RowBatch Batch) : SourceEvent;

    /// <summary>One DDL; TRUNCATE counts. It has a step of its own.</summary>
    public sealed record Block(BlockChange Change) : SourceEvent;

    /// <summary>Nothing at or before <paramref name="At"/> follows.</summary>
    /// <param name="Time">The source's clock at that point: commit time or keepalive, microseconds since 1970.</param>
    public sealed record Resolved(CommitTs At, long Time) : SourceEvent;
}

/// <summary>What a block event does: a <see cref="TruncateEvent"/> or a <see cref="Ddl.DdlEvent"/>.</summary>
public abstract record BlockChange(BlockEvent Block, CommitStamp Stamp)
{
    /// <summary>The tables it concerns, each in the version that holds after it.</summary>
    public abstract ImmutableArray<TableSchema> Concerned { get; }
}

/// <summary>TRUNCATE of tables, carried as one statement.</summary>
public sealed record TruncateEvent(
    BlockEvent Block, CommitStamp Stamp, ImmutableArray<TableSchema> Tables, bool Cascade, bool RestartIdentity)
    : BlockChange(Block, Stamp)
{
    public override ImmutableArray<TableSchema> Concerned => Tables;
}
