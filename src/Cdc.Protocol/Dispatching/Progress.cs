namespace Cdc.Protocol.Dispatching;

/// <summary>The batches that the sink has been given and has not answered, in order of position.</summary>
/// <remarks>The smallest position that is not durable caps the checkpoint. A batch that failed keeps capping it until
/// everything is given again.</remarks>
sealed class Progress
{
    readonly List<Entry> _entries = [];
    long _first = 1;
    int _head;
    long? _openFrom;
    int _unanswered;
    int _unansweredOpen;

    struct Entry
    {
        public CommitTs At;
        public HandOver HandOver;
        public bool IsEnqueued;
        public bool IsFlushed;
        public bool IsFailed;

        public readonly bool IsAnswered => IsFlushed || IsFailed;
    }

    public bool IsEmpty => _head == _entries.Count;

    /// <summary>Whether the sink may still make something durable: not a step without its last piece.</summary>
    public bool IsInFlight => _unanswered > _unansweredOpen;

    /// <summary>Whether the last step has not had its last piece.</summary>
    public bool HasOpenStep => _openFrom is not null;

    /// <summary>The smallest position that is not durable; null: all are.</summary>
    public CommitTs? First => IsEmpty ? null : _entries[_head].At;

    /// <summary>Registers a batch, and answers its number.</summary>
    public long Add(RowBatch rows, HandOver handOver)
    {
        if (rows.IsFirst) VoidOpenStep();
        long batch = _first + _entries.Count;
        _entries.Add(new() { At = rows.At, HandOver = handOver });
        _unanswered++;
        _openFrom ??= batch;
        _unansweredOpen++;
        if (rows.IsLast) (_openFrom, _unansweredOpen) = (null, 0);
        return batch;
    }

    /// <summary>Whether this was the last of its hand-over to be enqueued.</summary>
    public bool Enqueued(long batch)
    {
        int index = IndexOf(batch);
        if (index < 0) return false;
        Entry entry = _entries[index];
        if (entry.IsEnqueued || entry.IsFailed) return false;
        entry.IsEnqueued = true;
        _entries[index] = entry;
        return --entry.HandOver.Remaining == 0;
    }

    /// <summary>False: the batch is not, or no longer, under way.</summary>
    /// <param name="batch">Which.</param>
    /// <param name="isTaken">Whether it was the last of its hand-over that was not enqueued: durable means
    /// enqueued.</param>
    public bool Flushed(long batch, out bool isTaken)
    {
        isTaken = false;
        int index = IndexOf(batch);
        if (index < 0 || _entries[index].IsAnswered) return false;
        Entry entry = _entries[index];
        entry.IsFlushed = true;
        Answer(index, entry);
        isTaken = Enqueued(batch);
        Trim();
        return true;
    }

    /// <summary>False: the batch is not, or no longer, under way.</summary>
    public bool Failed(long batch)
    {
        int index = IndexOf(batch);
        if (index < 0 || _entries[index].IsAnswered) return false;
        Entry entry = _entries[index];
        entry.IsFailed = true;
        Answer(index, entry);
        return true;
    }

    /// <summary>Everything that has not failed is durable.</summary>
    public void AllFlushed() => FlushFrom(_head);

    /// <summary>Forgets all; what is answered later of it is unknown.</summary>
    public void Clear()
    {
        _first += _entries.Count;
        _entries.Clear();
        _head = 0;
        (_openFrom, _unanswered, _unansweredOpen) = (null, 0, 0);
    }

    void Answer(int index, Entry entry)
    {
        _entries[index] = entry;
        _unanswered--;
        if (_openFrom is { } from && _first + index >= from) _unansweredOpen--;
    }

    void VoidOpenStep()
    {
        if (_openFrom is not { } from) return;
        FlushFrom(IndexOf(from));
        _openFrom = null;
    }

    void FlushFrom(int index)
    {
        for (int i = Math.Max(index, _head); i < _entries.Count; i++)
        {
            Entry entry = _entries[i];
            if (entry.IsAnswered) continue;
            entry.IsFlushed = true;
            Answer(i, entry);
        }

        Trim();
    }

    int IndexOf(long batch)
    {
        long index = batch - _first;
        return index >= _head && index < _entries.Count ? (int)index : -1;
    }

    void Trim()
    {
        while (_head < _entries.Count && _entries[_head].IsFlushed) _head++;
        if (_head < _entries.Count && (_head < 32 || _head * 2 < _entries.Count)) return;
        _first += _head;
        _entries.RemoveRange(0, _head);
        _head = 0;
    }
}

/// <summary>Batches that were given to the sink together: the next are given when it has taken all of them.</summary>
sealed class HandOver
{
    public int Remaining;
    public long Bytes;
}
