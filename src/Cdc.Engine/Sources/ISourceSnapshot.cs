using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Sources;

/// <summary>All tables as they were at one position of the log.</summary>
/// <remarks>
/// It lives as long as its connection: after a restart there is a new one, at a newer position, and tables not
/// finished are copied again from their beginning. Parts are read concurrently, each once. Disposing ends the snapshot,
/// and every part still being read.
/// A table may change between the snapshot and the reading of a part. One that was rewritten, dropped or renamed can't
/// be read here any more: the part fails with <see cref="Failures.FailureKind.TableStopped"/>, whatever other parts
/// gave counts for nothing, and the table needs a new snapshot. A rewritten table is never taken for an empty one.
/// </remarks>
public interface ISourceSnapshot : IAsyncDisposable
{
    /// <summary>The snapshot holds exactly the transactions at or before this position.</summary>
    CommitTs At { get; }

    IReadOnlyList<SnapshotTable> Tables { get; }

    /// <summary>The rows of one part, in any order. The receiver releases the batches. A receiver that is slow holds
    /// the reading up and loses nothing.</summary>
    IAsyncEnumerable<RowBatch> ReadAsync(SnapshotTable table, int part, CancellationToken cancellationToken);

    /// <summary>The table is copied: whatever is held for it may go.</summary>
    ValueTask FinishedAsync(SnapshotTable table, CancellationToken cancellationToken);
}

/// <summary>One table to copy.</summary>
/// <param name="Parts">How many parts it has; they may be read concurrently. None if the table holds no rows itself,
/// as one that has partitions.</param>
/// <param name="EstimatedRows">-1 if unknown.</param>
public sealed record SnapshotTable(TableSchema Schema, int Parts, long EstimatedRows);
