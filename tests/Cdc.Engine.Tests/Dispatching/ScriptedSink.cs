using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Dispatching;

/// <summary>A sink that does what the test says, and notes what it was asked.</summary>
sealed class ScriptedSink : ISink
{
    readonly List<Acknowledgement> _held = [];

    public List<string> Calls { get; } = [];

    /// <summary>Whether batches are acknowledged at once; otherwise the test does it.</summary>
    public bool AcknowledgeAtOnce { get; init; } = true;

    public IReadOnlyList<Acknowledgement> Held => _held;

    public CdcException? Failure { get; set; }

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) => new((SinkProgress?)null);

    public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken) => new((SinkProgress?)null);

    public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        if (Failure is not null) throw Failure;
        foreach (RowBatch batch in batches.Span)
        {
            Calls.Add($"write {batch.FirstTs}-{batch.LastTs} x{batch.Count}");
            _held.Add(batch.Acknowledgement);
            batch.Release();
            if (AcknowledgeAtOnce) batch.Acknowledgement.Flushed();
            else batch.Acknowledgement.Enqueued();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
    {
        Calls.Add($"resolve {resolved.Ts}");
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Calls.Add("flush");
        foreach (Acknowledgement held in _held) held.Flushed();
        return ValueTask.CompletedTask;
    }

    public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken)
    {
        Calls.Add($"truncate {change.Block.Id.At}");
        return new(BlockOutcome.Written);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
