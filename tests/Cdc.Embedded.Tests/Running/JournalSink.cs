using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Tests.Running;

/// <summary>A sink without a record of its own that notes what it gets, and makes it durable at once.</summary>
sealed class JournalSink(Journal journal) : ISink
{
    /// <summary>Whether a copy of this table fails for ever.</summary>
    public Func<TableSchema, bool> Refuses { get; init; } = static _ => false;

    /// <summary>How often a table is refused when its copy is to be completed.</summary>
    public Dictionary<TableId, int> CompletionsRefused { get; } = [];

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) => new((SinkProgress?)null);

    public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken)
    {
        journal.Add($"claim {claim.Owner}");
        return new((SinkProgress?)null);
    }

    public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken) => Refuses(table)
        ? throw new CdcException(FailureKind.DiskFailed, "The disk is full.")
        : new(new Copy(this, journal, table));

    public ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        foreach (RowBatch batch in batches.Span)
        {
            journal.Add($"row {batch.FirstTs}");
            batch.Release();
            batch.Acknowledgement.Flushed();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken) =>
        new(BlockOutcome.Written);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    sealed class Copy(JournalSink sink, Journal journal, TableSchema table) : ITableCopy
    {
        public ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken)
        {
            batch.Release();
            return ValueTask.CompletedTask;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            if (sink.CompletionsRefused.TryGetValue(table.Id, out int times) && times > 0)
            {
                sink.CompletionsRefused[table.Id] = times - 1;
                throw new CdcException(FailureKind.TableStopped, $"Refused, with {times} to come.");
            }
            journal.Add($"copied {table.Id}");
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
