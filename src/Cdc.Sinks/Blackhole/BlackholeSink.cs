using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Blackhole;

/// <summary>Takes everything, keeps nothing, acknowledges in order, and counts: for measuring a source.</summary>
public sealed class BlackholeSink : ISink
{
    readonly WaitingBatches _waiting = new();
    long _rows;
    long _bytes;

    /// <summary>Rows taken so far, copies included.</summary>
    public long Rows => Volatile.Read(ref _rows);

    /// <summary>Bytes that those rows took as stored.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) => new((SinkProgress?)null);

    public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken) =>
        new((SinkProgress?)null);

    public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken) =>
        new(new Copy(this));

    public ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (RowBatch batch in batches.Span)
        {
            (CommitTs last, Acknowledgement acknowledgement) = (batch.LastTs, batch.Acknowledgement);
            Take(batch);
            _waiting.Add(last, acknowledgement);
            acknowledgement.Enqueued();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
    {
        _waiting.Flushed(resolved.Ts);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken) =>
        new(BlockOutcome.Written);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void Take(RowBatch batch)
    {
        Interlocked.Add(ref _rows, batch.Count);
        Interlocked.Add(ref _bytes, batch.ByteCount);
        batch.Release();
    }

    sealed class Copy(BlackholeSink sink) : ITableCopy
    {
        public ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken)
        {
            Acknowledgement acknowledgement = batch.Acknowledgement;
            sink.Take(batch);
            acknowledgement.Flushed();
            return ValueTask.CompletedTask;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
