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

    /// <summary>Whether a batch is taken only when the test says so.</summary>
    public bool HoldsBack { get; init; }

    /// <summary>A sink with a defect: it says that all is durable, and acknowledges nothing.</summary>
    public bool FlushForgets { get; init; }

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
            else if (!HoldsBack) batch.Acknowledgement.Enqueued();
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
        foreach (Acknowledgement held in _held.Where(_ => !FlushForgets)) held.Flushed();
        return ValueTask.CompletedTask;
    }

    public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken)
    {
        Calls.Add($"truncate {change.Block.Id.At}");
        return new(BlockOutcome.Written);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
