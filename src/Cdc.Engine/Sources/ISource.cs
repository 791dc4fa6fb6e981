using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Sources;

/// <summary>Reads a database's log.</summary>
/// <remarks>
/// Harm: <see cref="InspectAsync"/> changes nothing; what starting, copying, streaming and marking make in the server
/// never makes a statement of the application fail.
/// Order: the stream is in commit order, transactions whole; a <see cref="SourceEvent.Resolved"/> comes only between
/// positions.
/// Repeats: a stream begins behind the position asked for; positions, sequences and cuts are the same every time.
/// Concurrency: one stream at a time; <see cref="Confirm"/>, <see cref="MarkAsync"/> and <see cref="Status"/> may be
/// called from any thread while it runs.
/// Durability: the server is told to forget at most what <see cref="Confirm"/> named.
/// Errors: <see cref="Failures.CdcException"/>; SourceUnreachable means that a new stream may be tried.
/// Cancellation: ends waiting promptly; what was received and not handed on will be received again.
/// </remarks>
public interface ISource : IAsyncDisposable
{
    /// <summary>Looks at everything and changes nothing. At any time, also beside a stream.</summary>
    ValueTask<SourceFacts> InspectAsync(CancellationToken cancellationToken);

    /// <summary>First start: makes what the stream needs (publications, slot), and opens the snapshot at its first
    /// consistent position. A place of the same name that a start left which never completed is replaced: the caller
    /// has made sure that it is ours and that nothing was read from it.</summary>
    ValueTask<ISourceSnapshot> StartAsync(SchemaHistory history, CancellationToken cancellationToken);

    /// <summary>Opens one more snapshot, at a newer position, for tables whose copy was interrupted. Tables that are
    /// gone are not in it.</summary>
    ValueTask<ISourceSnapshot> SnapshotAsync(
        SchemaHistory history, IReadOnlyCollection<TableId> tables, CancellationToken cancellationToken);

    /// <summary>The log behind the place that <paramref name="start"/> names, for ever: it ends by cancellation or a
    /// failure only. Versions of schemas are added to the history before the rows that have them appear. Reading goes
    /// on beside the receiver up to a bound; a receiver that stands still stops it and loses nothing.</summary>
    /// <exception cref="Failures.CdcException">PositionLost, PositionBusy after waiting, SourceUnreachable.</exception>
    IAsyncEnumerable<SourceEvent> StreamAsync(StreamStart start, CancellationToken cancellationToken);

    /// <summary>Everything at or before the checkpoint is durable downstream and the checkpoint is persisted: the
    /// server may forget it. Sent with the next status message; never goes back, and survives a lost connection. A
    /// source may tell its server less, where the checkpoint is no position that the server can be told.</summary>
    void Confirm(CommitTs checkpoint);

    /// <summary>Sends the last confirmation and waits, for a few seconds, until the server has it, so that nothing is
    /// held needlessly. After the stream. Not to settle loses nothing.</summary>
    ValueTask SettleAsync(CancellationToken cancellationToken);

    /// <summary>Writes a marker transaction into the log and returns a position that the stream will resolve:
    /// everything committed before this call lies at or before it. Null if the source can't write one (a
    /// standby).</summary>
    ValueTask<CommitTs?> MarkAsync(CancellationToken cancellationToken);

    /// <summary>Where the sequences stand that captured tables own, now; none from a source that has none.</summary>
    ValueTask<IReadOnlyList<SequenceState>> SequencesAsync(
        SchemaHistory history, CancellationToken cancellationToken) => new((IReadOnlyList<SequenceState>)[]);

    /// <summary>What stays in the source after a stop, and how to remove it; empty if nothing does.</summary>
    IReadOnlyList<string> LeftBehind { get; }

    SourceStatus Status { get; }
}

/// <summary>Where a stream begins.</summary>
/// <param name="Checkpoint">Everything at or before it is durable downstream: what a source that can choose its place
/// begins behind.</param>
/// <param name="After">The last position already handed on; events at or before it are dropped. At least the
/// checkpoint.</param>
/// <param name="History">Schema versions known, and to be added to.</param>
/// <param name="CopiedAt">Per table, the position of its snapshot: its events at or before it are dropped.</param>
public sealed record StreamStart(
    CommitTs Checkpoint, CommitTs After, SchemaHistory History, IReadOnlyDictionary<TableId, CommitTs> CopiedAt)
{
    /// <summary>Somebody waits for a position to be resolved: a source that is idle is asked how far it is.</summary>
    public bool IsAwaited { get; init; }
}

/// <summary>What a source is doing now, for progress and for "what does it wait for?".</summary>
/// <param name="Received">The last position received.</param>
/// <param name="ServerEnd">The end of the server's log as last heard of.</param>
/// <param name="CommitTime">Commit time of the last transaction received, microseconds since 1970; 0 before the
/// first.</param>
/// <param name="Doing">A short sentence: <c>waiting for the slot, which process 4711 uses</c>.</param>
public sealed record SourceStatus(CommitTs Received, ulong ServerEnd, long CommitTime, string Doing);
