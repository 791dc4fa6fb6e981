using Cdc.Engine.Filters;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Dispatching;

/// <summary>Moves the events of one span into the sink, in order, and knows how far that is durable.</summary>
/// <remarks>
/// Order: events go to the sink as they come; a block event waits for a flush of all before it.
/// Concurrency: one thread hands events in; <see cref="Checkpoint"/>, <see cref="Received"/>, <see cref="Written"/> and
/// the counts may be read from any.
/// Errors: after a failed or cancelled call <see cref="IsMidway"/> says whether this object can go on.
/// </remarks>
public sealed class Dispatcher
{
    const int BatchesPerHandOver = 64;

    readonly ISink _sink;
    readonly ChangeFilter _filter;
    readonly IMilestones _milestones;
    readonly TableProgress _progress = new();
    readonly List<RowBatch> _waiting = [];
    readonly Lock _gate = new();
    CommitTs _received;
    CommitTs _written;
    CommitTs _executed;
    long _rows;
    long _bytes;
    long _waitingBytes;

    /// <param name="start">Everything at or before it is durable in the sink already.</param>
    public Dispatcher(ISink sink, ChangeFilter filter, CommitTs start, IMilestones milestones)
    {
        (_sink, _filter, _milestones) = (sink, filter, milestones);
        _received = _written = start;
    }

    /// <summary>Everything at or before it was received and handed to the sink.</summary>
    public CommitTs Received
    {
        get
        {
            lock (_gate) return _received;
        }
    }

    /// <summary>Everything at or before it is durable downstream.</summary>
    public CommitTs Checkpoint => _progress.Checkpoint(Received);

    /// <summary>Position of the last row known durable downstream; zero before the first of this dispatcher.</summary>
    public CommitTs Written => CommitTs.Max(_progress.LastFlushed, Executed);

    CommitTs Executed
    {
        get
        {
            lock (_gate) return _executed;
        }
    }

    public long Rows => Volatile.Read(ref _rows);
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether rows beyond <see cref="Received"/> went to the sink: then this incarnation can't go on from
    /// there.</summary>
    public bool IsMidway => _waiting.Count > 0 || _written > Received;

    public ValueTask HandleAsync(SourceEvent @event, CancellationToken cancellationToken) => @event switch
    {
        SourceEvent.Rows rows => TakeAsync(rows.Batch, cancellationToken),
        SourceEvent.Resolved resolved => ResolveAsync(resolved, cancellationToken),
        SourceEvent.Block block => ExecuteAsync(block.Change, cancellationToken),
        _ => throw new InvariantBrokenException("The stream holds rows, block events and resolved positions."),
    };

    /// <summary>Completes when everything at or before <see cref="Received"/> is durable. Rows beyond it, of a
    /// transaction that is not complete, stay where they are.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => _sink.FlushAsync(cancellationToken);

    ValueTask TakeAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        Check.That(batch.FirstTs > _received);
        if (_filter.Apply(batch) is not { } kept) return ValueTask.CompletedTask;
        _waiting.Add(kept);
        _waitingBytes += kept.ByteCount;
        // A batch can be as large as its one row.
        bool mayWait = _waiting.Count < BatchesPerHandOver && _waitingBytes < Limits.HandOverBytes;
        return mayWait ? ValueTask.CompletedTask : HandOverAsync(cancellationToken);
    }

    async ValueTask ResolveAsync(SourceEvent.Resolved resolved, CancellationToken cancellationToken)
    {
        await HandOverAsync(cancellationToken);
        if (resolved.At <= _received) return;
        Check.That(_written <= resolved.At);
        await _sink.ResolveAsync(new(resolved.At, resolved.Time, 0), cancellationToken);
        SetReceived(resolved.At);
    }

    async ValueTask ExecuteAsync(BlockChange change, CancellationToken cancellationToken)
    {
        CommitTs at = change.Block.Id.At;
        CommitTs before = at.Previous;
        await HandOverAsync(cancellationToken);
        if (before > _received)
        {
            await _sink.ResolveAsync(change.Stamp with { Ts = before }, cancellationToken);
            SetReceived(before);
        }
        if (_filter.Apply(change) is { } kept)
        {
            // Once, before the event: what came before it must be durable when it happens.
            await _sink.FlushAsync(cancellationToken);
            Check.That(_progress.Count == 0);
            await _sink.ExecuteAsync(kept, cancellationToken);
            lock (_gate) _executed = at;
        }
        SetReceived(at);
    }

    async ValueTask HandOverAsync(CancellationToken cancellationToken)
    {
        if (_waiting.Count == 0) return;
        HandOver handOver = new(_waiting.Count);
        RowBatch[] batches = [.. _waiting];
        _waiting.Clear();
        _waitingBytes = 0;
        foreach (RowBatch batch in batches)
        {
            // Entered before the first is written, so that no acknowledgement can move the checkpoint past a later one.
            batch.Acknowledgement.Listen(handOver);
            _progress.Add(batch.FirstTs, batch.LastTs, batch.Acknowledgement);
            _rows += batch.Count;
            _bytes += batch.ByteCount;
        }
        _written = batches[^1].LastTs;
        await _sink.WriteAsync(batches, cancellationToken);
        _milestones.Reached(Milestone.BatchWritten);
        await handOver.Enqueued.WaitAsync(cancellationToken);
    }

    void SetReceived(CommitTs at)
    {
        lock (_gate) _received = at;
    }
}
