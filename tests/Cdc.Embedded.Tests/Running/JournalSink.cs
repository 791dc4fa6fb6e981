using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Tests.Running;

/// <summary>A sink without a record of its own that notes what it gets, and makes it durable at once or when it is
/// flushed.</summary>
sealed class JournalSink(Journal journal) : ISink
{
    /// <summary>Whether a copy of this table fails for ever.</summary>
    public Func<TableSchema, bool> Refuses { get; init; } = static _ => false;

    /// <summary>How often a table is refused when its copy is to be completed.</summary>
    public Dictionary<TableId, int> CompletionsRefused { get; } = [];

    /// <summary>Rows wait for a flush, and those beyond the last resolved position for longer.</summary>
    public bool WaitsForFlush { get; init; }

    /// <summary>Called with the position of a batch before it is taken. From when it stood still until it was
    /// cancelled, the sink takes nothing more.</summary>
    public Func<CommitTs, CancellationToken, Task> Taking { get; init; } = static (_, _) => Task.CompletedTask;

    readonly Queue<(CommitTs Last, Acknowledgement Acknowledgement)> _waiting = new();
    Task _taking = Task.CompletedTask;
    CommitTs _resolved;

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

    public async ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        for (int i = 0; i < batches.Length; i++)
        {
            RowBatch batch = batches.Span[i];
            _taking = Taking(batch.FirstTs, cancellationToken);
            await _taking;
            journal.Add($"row {batch.FirstTs}");
            (CommitTs last, Acknowledgement acknowledgement) = (batch.LastTs, batch.Acknowledgement);
            batch.Release();
            acknowledgement.Enqueued();
            if (WaitsForFlush) _waiting.Enqueue((last, acknowledgement));
            else acknowledgement.Flushed();
        }
    }

    public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
    {
        _resolved = resolved.Ts;
        return ValueTask.CompletedTask;
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _taking;
        while (_waiting.TryPeek(out var first) && first.Last <= _resolved) _waiting.Dequeue().Acknowledgement.Flushed();
    }

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
