namespace Cdc.Protocol.Scheduling;

/// <summary>Tables that are out of the schedule and are being copied, so that they can come in again: in every mode at
/// the same moment, so that no block event passes one of them in between.</summary>
internal sealed class Copies(Schedule schedule)
{
    readonly SortedDictionary<TableId, Copy> _copies = [];

    /// <summary>The schedule of the mode that copies nothing, and takes the tables as they were copied here.</summary>
    public Schedule? Follower { get; set; }

    /// <summary>Whether in any mode a block event beyond a position may be being executed that means a table: it did
    /// not wait for it, so that one that stands there is not to come in now.</summary>
    public Func<AddedTable, CommitTs, bool> IsTold { get; set; } = static (_, _) => false;

    /// <summary>What the changefeed is to keep: the tables that are copied, and where.</summary>
    public IEnumerable<(AddedTable Table, CommitTs At)> Finished
    {
        get
        {
            foreach (Copy copy in _copies.Values)
            {
                if (copy.At is { } at) yield return (copy.Table, at);
            }
        }
    }

    public int Count => _copies.Count;

    /// <summary>How many of them somebody is copying now.</summary>
    public int Running => _copies.Values.Count(static copy => copy is { At: null, Operation.Slot: >= 0 });

    /// <summary>Wants a parked table copied. Nothing is done where it is not parked, or is dropped; what is wanted
    /// already stays as it is.</summary>
    public void Want(TableId table)
    {
        if (schedule.Parked.Find(table) is { } known) _copies.TryAdd(table, new(known));
    }

    /// <summary>A block event changes these tables: what was copied of them so far may be from before it.</summary>
    public void Changed(Influence influence, TimeSpan now)
    {
        if (_copies.Count == 0) return;
        foreach (Copy copy in _copies.Values)
        {
            bool isRunning = copy is { At: null, Operation.Slot: >= 0 };
            if (isRunning && influence.Means(copy.Table.Table, copy.Table.Schema)) copy.Operation!.Cancel(now);
        }
    }

    /// <summary>A table is in another schema from here on, also if it comes in later.</summary>
    public void Moved(in MovedTable change)
    {
        if (_copies.TryGetValue(change.Table, out Copy? copy)) copy.Table = copy.Table with { Schema = change.To };
    }

    /// <summary>A table comes in that was copied in the other mode. What this mode has seen of it counts: either may be
    /// further on.</summary>
    public void Follow(in AddedTable table, CommitTs at)
    {
        AddedTable known = schedule.Parked.Find(table.Table) ?? table;
        if (schedule.Parked.Remove(table.Table)) schedule.AddTable(known, at);
    }

    /// <summary>A table may not be in several spans from here on, also if it comes in later.</summary>
    public void Forbid(TableId table)
    {
        if (_copies.TryGetValue(table, out Copy? copy)) copy.Table = copy.Table with { IsSplittable = false };
    }

    /// <summary>A block event has dropped these tables: they are not to come in.</summary>
    public void Dropped(Influence influence, TimeSpan now)
    {
        if (_copies.Count == 0) return;
        foreach (Copy copy in _copies.Values.ToArray())
        {
            if (influence.Means(copy.Table.Table, copy.Table.Schema)) Forget(copy.Table.Table, now);
        }
    }

    /// <summary>The changefeed has one where its copy stands.</summary>
    public void Persisted(TableId table, CommitTs at, TimeSpan now)
    {
        if (!_copies.TryGetValue(table, out Copy? copy) || copy.At != at) return;
        _copies.Remove(table);
        if (copy.Operation is { Slot: >= 0 } operation) operation.Persisted(now);
    }

    /// <summary>The table is not to come in.</summary>
    public void Forget(TableId table, TimeSpan now)
    {
        if (!_copies.Remove(table, out Copy? copy)) return;
        if (copy is { At: null, Operation: { Slot: >= 0 } operation }) operation.Cancel(now);
    }

    /// <summary>Brings in what could not come in before, and begins what has not begun, and what has ended without a
    /// copy.</summary>
    /// <param name="nodes">Those that may copy.</param>
    /// <param name="isMeant">Whether a block event is open that means the table: whether a copy has it would not be
    /// known.</param>
    /// <param name="now">The time.</param>
    public void Tick(ReadOnlySpan<NodeId> nodes, Func<AddedTable, bool> isMeant, TimeSpan now)
    {
        if (_copies.Count == 0) return;
        foreach (Copy copy in _copies.Values)
        {
            if (copy is { At: null, Operation: { Slot: >= 0 } operation }) operation.TryEnter();
            if (nodes.IsEmpty) continue;
            if (copy.At is not null || copy.Operation is { Slot: >= 0 } || isMeant(copy.Table)) continue;
            SpanTask task = new(
                schedule.Mode, schedule.NextId(), TableSpan.Whole(copy.Table.Table), copy.Table.Schema, CommitTs.Zero);
            copy.Operation = new(schedule, task, nodes[copy.Begun++ % nodes.Length], now);
            schedule.Begin(copy.Operation);
        }
    }

    /// <summary>Whether a finished copy that stands there has to wait. Its table is not in the schedule, so no block
    /// event waits for it meanwhile.</summary>
    internal bool MustWait(CopyOperation operation, CommitTs at) =>
        IsTold(_copies[operation.Task.Span.Table].Table, at);

    /// <summary>A copy is finished: the table is in the schedule from here on, though it does not run yet.</summary>
    internal void Enter(CopyOperation operation)
    {
        Copy copy = _copies[operation.Task.Span.Table];
        copy.At = operation.CopiedAt;
        operation.Task.Schema = copy.Table.Schema;
        schedule.Enter(operation.Task, copy.Table);
        Follower?.Copies.Follow(copy.Table, operation.Task.Checkpoint);
    }

    sealed class Copy(AddedTable table)
    {
        public AddedTable Table { get; set; } = table;
        public CopyOperation? Operation { get; set; }
        public CommitTs? At { get; set; }
        public int Begun { get; set; }
    }
}
