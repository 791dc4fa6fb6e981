using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Sinks;

/// <summary>Keeps something equal to the source.</summary>
/// <remarks>
/// Order: what is written under one claim arrives in commit order and stays in it.
/// Repeats: a sink that answers a claim with its progress is written to from there on, and holds every change once; one
/// that answers null is written to again from the checkpoint after a crash. Within one claim nothing is written twice.
/// Concurrency: one call at a time, but for <see cref="CopyAsync"/> and the copies that it begins. Acknowledgements
/// come on any thread.
/// Durability: only <see cref="Acknowledgement.Flushed"/>, and the completion of <see cref="FlushAsync"/>,
/// <see cref="ExecuteAsync"/> and <see cref="ITableCopy.CompleteAsync"/>, say that something is durable.
/// Errors: <see cref="CdcException"/>. A failure found between two calls is thrown by the next; from then on
/// the sink takes nothing more, and what was not flushed never is.
/// Cancellation: a cancelled write may still have happened. Disposing without a flush drops what was not flushed.
/// </remarks>
public interface ISink : IAsyncDisposable
{
    /// <summary>May connect ahead of the first call, while the caller looks at something else. Changes nothing, and
    /// fails only by cancellation: what is in the way the first call says. Doing it again changes nothing.</summary>
    ValueTask PrepareAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Looks at the target and changes nothing: every problem at once.</summary>
    ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken);

    /// <summary>The same, knowing what will come: also what of the source does not go together with this
    /// target.</summary>
    ValueTask<IReadOnlyList<Problem>> InspectAsync(SourceFacts source, CancellationToken cancellationToken) =>
        InspectAsync(cancellationToken);

    /// <summary>The statements that a first start will run in the target, for showing; none where there are
    /// none.</summary>
    IReadOnlyList<string> Plan => [];

    /// <summary>What the target itself says of earlier runs, or null if it keeps no record. Changes nothing.</summary>
    ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken);

    /// <summary>Takes the span for an owner, waits for or shuts out every smaller one, and answers with the progress:
    /// null from a sink that keeps none. Once, before anything is written; what a crash left half done is cleared
    /// away.</summary>
    /// <exception cref="CdcException">SinkFenced: a larger owner has claimed it. SinkUnfit: it is not ours.</exception>
    ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken);

    /// <summary>Begins the copy of one table, whose rows are as of <paramref name="at"/>. What an earlier attempt left
    /// of the table never shows beside it. Copies of different tables may be begun and written concurrently.</summary>
    ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken);

    /// <summary>Every table of the snapshot is copied: what ties tables to each other (foreign keys, partitions) is
    /// made, in a target that has such things. Doing it again changes nothing.</summary>
    ValueTask FinishCopiesAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    /// <summary>Moves the target's sequences to where the source's are, in a target that has such things: they are
    /// not part of the stream. After a flush.</summary>
    ValueTask SetSequencesAsync(IReadOnlyList<SequenceState> sequences, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    /// <summary>Takes one hand-over of batches, in order; the list is only good until this completes. Waits while too
    /// much is under way. The sink releases each batch when it needs its memory no longer, at the latest when it says
    /// Enqueued, and answers through <see cref="RowBatch.Acknowledgement"/>.</summary>
    /// <remarks>Enqueued never waits for <see cref="ResolveAsync"/>: the caller waits for Enqueued of everything
    /// written before it resolves. Flushed does wait for it. Rows of one transaction may come in several
    /// hand-overs.</remarks>
    ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken);

    /// <summary>Everything at or before <paramref name="resolved"/> was written. A sink makes things durable only up to
    /// such a position, so that no reader ever sees a part of a step. Positions rise from call to call; nothing written
    /// later lies at or before one.</summary>
    ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken);

    /// <summary>Completes when everything resolved so far is durable, and acknowledged as flushed. Doing it again
    /// changes nothing.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>Does a block event and makes it durable; everything before it was flushed, and the event's own position
    /// is resolved by it. A sink that keeps its progress does it once, and says if an earlier owner had done it
    /// already; one that keeps none does it again with everything else after the checkpoint.</summary>
    ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken);
}

/// <summary>The copy of one table. Its rows come in no order.</summary>
public interface ITableCopy : IAsyncDisposable
{
    /// <summary>Writes rows of one part, one batch at a time; different parts may be written concurrently. Releases the
    /// batch.</summary>
    ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken);

    /// <summary>All parts are written: makes the table durable, together with the record that it is complete. Disposing
    /// without it leaves the table not copied.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>How a block event ended.</summary>
public enum BlockOutcome
{
    Written,
    AlreadyRecorded,
}

/// <summary>A claim on a span.</summary>
/// <param name="Changefeed">Its name.</param>
/// <param name="Source">Which log the positions belong to.</param>
/// <param name="Owner">Larger than that of every earlier claim, unless two processes race: then one of them
/// loses.</param>
public sealed record SinkClaim(string Changefeed, SourceIdentity Source, TableSpan Span, Owner Owner);

/// <summary>What a target says of itself.</summary>
public sealed record SinkProgress
{
    public required SourceIdentity Source { get; init; }
    public required string Changefeed { get; init; }

    /// <summary>The largest owner that ever claimed.</summary>
    public required Owner Owner { get; init; }

    /// <summary>Everything of the stream at or before it is durable here. Zero before the stream's first
    /// flush.</summary>
    public CommitTs Position { get; init; }

    /// <summary>Tables whose copy is complete, with the position of the copy.</summary>
    public required IReadOnlyDictionary<TableId, CommitTs> Copied { get; init; }

    /// <summary>Schema versions kept beside the progress, for a lost state directory.</summary>
    public IReadOnlyList<TableSchema> Schemas { get; init; } = [];
}
