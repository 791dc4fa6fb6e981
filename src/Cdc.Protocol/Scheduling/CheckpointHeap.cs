namespace Cdc.Protocol.Scheduling;

/// <summary>The checkpoints of the spans that are not replicating, smallest first; any of them may leave or
/// rise.</summary>
internal sealed class CheckpointHeap
{
    readonly List<SpanTask> _items = [];

    public int Count => _items.Count;

    /// <summary>The smallest; null: there is none.</summary>
    public SpanTask? Min => _items.Count > 0 ? _items[0] : null;

    /// <summary>How often two spans were compared: what the upkeep costs.</summary>
    public long Comparisons { get; private set; }

    public void Add(SpanTask task)
    {
        if (task.HeapSlot >= 0) throw new InvalidOperationException($"Already in the heap: {task}.");
        _items.Add(task);
        Up(_items.Count - 1, task);
    }

    public void Remove(SpanTask task)
    {
        int at = task.HeapSlot;
        if (at < 0) return;
        task.HeapSlot = -1;
        SpanTask last = _items[^1];
        _items.RemoveAt(_items.Count - 1);
        if (ReferenceEquals(last, task)) return;
        Up(at, last);
        Down(last.HeapSlot, last);
    }

    /// <summary>The checkpoint of a task has risen; one that is not in the heap is left alone.</summary>
    public void Raised(SpanTask task)
    {
        if (task.HeapSlot >= 0) Down(task.HeapSlot, task);
    }

    void Up(int at, SpanTask task)
    {
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsBelow(task, _items[parent])) break;
            Put(at, _items[parent]);
            at = parent;
        }

        Put(at, task);
    }

    void Down(int at, SpanTask task)
    {
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _items.Count) break;
            if (child + 1 < _items.Count && IsBelow(_items[child + 1], _items[child])) child++;
            if (!IsBelow(_items[child], task)) break;
            Put(at, _items[child]);
            at = child;
        }

        Put(at, task);
    }

    void Put(int at, SpanTask task)
    {
        _items[at] = task;
        task.HeapSlot = at;
    }

    bool IsBelow(SpanTask left, SpanTask right)
    {
        Comparisons++;
        return left.Checkpoint < right.Checkpoint;
    }
}
