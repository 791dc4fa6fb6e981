using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Dispatching;

/// <summary>A dispatcher's rows: those whose turn has not come, and those that the sink has been given.</summary>
sealed class RowFlow(Dispatcher dispatcher, DispatcherShared shared)
{
    readonly Progress _progress = new();
    HandOver? _handOver;

    public Inbox Inbox { get; } = new();

    /// <summary>Whether the sink has not taken all of what it was given last.</summary>
    public bool IsHandingOver => _handOver is not null;

    /// <summary>How many bytes the sink has taken.</summary>
    public ulong Written { get; private set; }

    public bool IsEmpty => Inbox.IsEmpty && _progress.IsEmpty;

    /// <summary>The smallest position that is not durable; null: all are.</summary>
    public CommitTs? FirstWritten => _progress.First;

    public bool IsInFlight => _progress.IsInFlight;

    /// <summary>Gives the sink the rows that lie at the front of the inbox. All are counted before it does anything
    /// with the first, since effects are done behind the decision: else the checkpoint could pass those that are
    /// not.</summary>
    /// <param name="received">Up to where rows have been taken before.</param>
    /// <param name="effects">Gets them.</param>
    /// <returns>Up to where they have been taken now.</returns>
    public CommitTs HandOver(CommitTs received, Effects effects)
    {
        long stale = 0;
        HandOver? handOver = null;
        while (Inbox.TryPeekRows(out RowBatch rows))
        {
            // A step that begins anew voids what the sink has of it: only behind what the sink has taken.
            if (rows.IsFirst && handOver is not null && _progress.HasOpenStep) break;
            Inbox.Drop();
            if (rows.At <= received)
            {
                stale += rows.Payload.Length;
                continue;
            }

            handOver ??= new();
            handOver.Remaining++;
            handOver.Bytes += rows.Payload.Length;
            long batch = _progress.Add(rows, handOver);
            effects.Add(new WriteRows(shared.Mode, dispatcher.Id, dispatcher.Owner, batch, rows));
            received = rows.IsLast ? rows.At : rows.At.Previous;
        }

        if (stale > 0) Release(stale, effects);
        if (handOver is not null) _handOver = handOver;
        return received;
    }

    /// <summary>Whether the sink has now taken the whole hand-over.</summary>
    public bool Enqueued(long batch, Effects effects)
    {
        if (!_progress.Enqueued(batch)) return false;
        Taken(effects);
        return true;
    }

    /// <summary>False: the batch is not, or no longer, under way.</summary>
    public bool Flushed(long batch, Effects effects)
    {
        if (!_progress.Flushed(batch, out bool isTaken)) return false;
        if (isTaken) Taken(effects);
        return true;
    }

    /// <summary>False: the batch is not, or no longer, under way.</summary>
    public bool Failed(long batch) => _progress.Failed(batch);

    /// <summary>Everything that the sink was given is durable, but what has failed.</summary>
    public void AllFlushed() => _progress.AllFlushed();

    /// <summary>Everything that is not durable comes again.</summary>
    public void ClearWritten() => _progress.Clear();

    /// <summary>The session is closed: what has not been given is dropped.</summary>
    public void Detach(Effects effects)
    {
        long dropped = Inbox.Clear() + (_handOver?.Bytes ?? 0);
        _handOver = null;
        if (dropped > 0) Release(dropped, effects);
    }

    public void Release(long bytes, Effects effects) =>
        effects.Add(new ReleaseRows(shared.Mode, dispatcher.Id, dispatcher.Owner, bytes));

    void Taken(Effects effects)
    {
        if (_handOver is not { } handOver) return;
        _handOver = null;
        Written += (ulong)handOver.Bytes;
        Release(handOver.Bytes, effects);
    }
}
