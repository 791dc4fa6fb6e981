namespace Cdc.Protocol.Barriers;

/// <summary>The open block events of a mode, in order, one per identity; and which of them are still to change the
/// schedule.</summary>
internal sealed class OpenEvents
{
    readonly List<BarrierEvent> _events = [];
    readonly SortedSet<BlockEventId> _pending = [];

    public int Count => _events.Count;

    public BarrierEvent this[int index] => _events[index];

    public BarrierEvent? Find(BlockEventId id)
    {
        int index = IndexOf(id);
        return index >= 0 ? _events[index] : null;
    }

    public void Add(BarrierEvent opened)
    {
        _events.Insert(~IndexOf(opened.Id), opened);
        if (opened.IsPending) _pending.Add(opened.Id);
    }

    public void Remove(BarrierEvent gone)
    {
        _events.RemoveAt(IndexOf(gone.Id));
        _pending.Remove(gone.Id);
        gone.Leave();
    }

    /// <summary>The event's changes are in the schedule.</summary>
    public void Applied(BlockEventId id) => _pending.Remove(id);

    /// <summary>Whether an earlier one is known that will change the schedule and has not.</summary>
    public bool HasPendingBefore(BlockEventId id) => _pending.Count > 0 && _pending.Min.CompareTo(id) < 0;

    /// <summary>The earliest of them; null: there is none.</summary>
    public BlockEventId? FirstPendingBefore(BlockEventId id) => HasPendingBefore(id) ? _pending.Min : null;

    int IndexOf(BlockEventId id)
    {
        int low = 0, high = _events.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = _events[middle].Id.CompareTo(id);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }
}
