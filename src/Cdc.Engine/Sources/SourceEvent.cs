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

    /// <summary>One TRUNCATE, of one or several tables. It has a step of its own.</summary>
    public sealed record Truncate(TruncateEvent Event) : SourceEvent;

    /// <summary>Nothing at or before <paramref name="At"/> follows.</summary>
    /// <param name="Time">The source's clock at that point: commit time or keepalive, microseconds since 1970.</param>
    public sealed record Resolved(CommitTs At, long Time) : SourceEvent;
}

/// <summary>TRUNCATE of tables, carried as one statement.</summary>
public sealed record TruncateEvent(
    BlockEvent Block, CommitStamp Stamp, ImmutableArray<TableSchema> Tables, bool Cascade, bool RestartIdentity);
