using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>The events that a dispatcher executed alone, or begins to, and that the schedule does not have yet: they
/// keep its checkpoint below them, and hold its next event that blocks.</summary>
/// <remarks>One that is acknowledged is kept as long as one before it is not: until the checkpoint has passed it,
/// another maintainer has to hear of it again.</remarks>
sealed class ScheduledReports
{
    readonly List<Entry> _entries = [];

    sealed class Entry(BlockStatus status)
    {
        public BlockStatus Status { get; } = status;
        public bool IsReported { get; set; }
        public bool IsAcknowledged { get; set; }
        public bool IsRepeatedFast { get; set; }
        public TimeSpan RepeatAt { get; set; }
        public bool IsRepeated => IsReported && !IsAcknowledged;
    }

    /// <summary>Whether all are acknowledged: the first never is.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>The smallest that is not acknowledged; events come in order.</summary>
    public CommitTs? First => IsEmpty ? null : _entries[0].Status.Event.At;

    /// <summary>When the next repeat is due; null: none is.</summary>
    public TimeSpan? Due
    {
        get
        {
            TimeSpan? due = null;
            foreach (Entry entry in _entries)
            {
                if (entry.IsRepeated && (due is null || entry.RepeatAt < due)) due = entry.RepeatAt;
            }

            return due;
        }
    }

    /// <summary>From before its execution begins; once.</summary>
    public void Install(BlockStatus status)
    {
        if (IndexOf(status.Event) < 0) _entries.Add(new(status));
    }

    /// <summary>It is executed: report it, until it is acknowledged.</summary>
    public void Report(BlockEventId id, TimeSpan now, BlockStatusBuffer buffer)
    {
        int index = IndexOf(id);
        if (index < 0) return;
        _entries[index].IsReported = true;
        Offer(_entries[index], now, buffer);
    }

    /// <summary>Whether it was reported, and is now in the schedule. An answer to what was not said counts for
    /// nothing.</summary>
    public bool Acknowledge(BlockEventId id)
    {
        int index = IndexOf(id);
        if (index < 0 || !_entries[index].IsRepeated) return false;
        _entries[index].IsAcknowledged = true;
        while (_entries.Count > 0 && _entries[0].IsAcknowledged) _entries.RemoveAt(0);
        return true;
    }

    public void RepeatDue(TimeSpan now, BlockStatusBuffer buffer)
    {
        foreach (Entry entry in _entries)
        {
            if (!entry.IsRepeated || entry.RepeatAt > now) continue;
            Offer(entry, now, buffer);
        }
    }

    public void RepeatAll(TimeSpan now, BlockStatusBuffer buffer)
    {
        foreach (Entry entry in _entries)
        {
            if (entry.IsRepeated) Offer(entry, now, buffer);
        }
    }

    public void OnNewOwner(TimeSpan now)
    {
        foreach (Entry entry in _entries)
        {
            (entry.IsAcknowledged, entry.IsRepeatedFast) = (false, false);
            entry.RepeatAt = now + DispatcherTimes.Repeat;
        }
    }

    public void RepeatFast(BlockEventId id, BlockStatusBuffer buffer)
    {
        int index = IndexOf(id);
        if (index < 0 || !_entries[index].IsRepeated || _entries[index].IsRepeatedFast) return;
        _entries[index].IsRepeatedFast = true;
        buffer.Offer(_entries[index].Status);
    }

    public void Clear() => _entries.Clear();

    static void Offer(Entry entry, TimeSpan now, BlockStatusBuffer buffer)
    {
        (entry.IsRepeatedFast, entry.RepeatAt) = (false, now + DispatcherTimes.Repeat);
        buffer.Offer(entry.Status);
    }

    int IndexOf(BlockEventId id)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Status.Event == id) return i;
        }

        return -1;
    }
}
