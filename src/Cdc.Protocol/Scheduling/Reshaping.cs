using System.Collections.Immutable;

namespace Cdc.Protocol.Scheduling;

/// <summary>Splits and merges of tables that somebody asked for. A merge brings the spans to one node first.</summary>
internal sealed class Reshaping(Schedule schedule)
{
    readonly SortedSet<TableId> _merging = [];

    /// <summary>The tables that are to be in one span again.</summary>
    public IReadOnlyCollection<TableId> Merging => _merging;

    public bool IsMerging(TableId table) => _merging.Contains(table);

    /// <summary>Cuts a table that is in one span into equal parts. A span that an earlier maintainer has created is
    /// created again first, where it is, and can be cut when it runs and this is wanted again.</summary>
    /// <returns>False: not now, or not this table.</returns>
    public bool Split(TableId table, int parts, TimeSpan now)
    {
        if (parts is < 2 or > SchedulingLimits.SpansPerTable) return false;
        if (schedule.Spans.Table(table) is not { IsSplittable: true } tasks || tasks.Spans.Count != 1) return false;
        SpanTask task = tasks.Spans[0];
        if (!task.IsReplicating || _merging.Contains(table)) return false;
        // A DDL that forbids it may lie before where the table is, and be still to be reported.
        if (schedule.Trigger.Checkpoint < tasks.BegunAt) return false;
        if (task.Owner.Epoch != schedule.Epoch.Value)
        {
            // Another may have claimed it since, passed such a DDL and gone: the sink fenced this one then, and would
            // put the parts behind that DDL. Only what a claim of this epoch answers says where the table is.
            schedule.Move(task, task.Node, now);
            return false;
        }

        schedule.Begin(new SplitOperation(schedule, task, Cut(table, parts), now));
        return true;
    }

    /// <summary>Wants a table in one span.</summary>
    /// <returns>False: it is so, or there is no such table.</returns>
    public bool Merge(TableId table)
    {
        if (schedule.Spans.Table(table) is not { } tasks || !IsOrWillBeSplit(tasks)) return false;
        _merging.Add(table);
        return true;
    }

    /// <summary>A table may not be in several spans any more.</summary>
    public void Forbid(TableId table)
    {
        if (schedule.Spans.Table(table) is not { } tasks) return;
        tasks.IsSplittable = false;
        Merge(table);
    }

    public void Forget(TableId table) => _merging.Remove(table);

    /// <summary>Takes every wanted merge one step on.</summary>
    public void Tick(TimeSpan now)
    {
        if (_merging.Count == 0) return;
        foreach (TableId table in _merging.ToArray()) Step(schedule.Spans.Table(table)!, now);
    }

    static ImmutableArray<TableSpan> Cut(TableId table, int parts)
    {
        var spans = ImmutableArray.CreateBuilder<TableSpan>(parts);
        for (int i = 0; i < parts; i++)
        {
            ulong from = TableSpan.HashEnd * (ulong)i / (ulong)parts;
            spans.Add(new(table, (uint)from, TableSpan.HashEnd * (ulong)(i + 1) / (ulong)parts));
        }

        return spans.MoveToImmutable();
    }

    static bool IsOrWillBeSplit(TableTasks table) =>
        table.Spans.Count > 1 || table.Spans[0].Operation is SplitOperation;

    void Step(TableTasks table, TimeSpan now)
    {
        if (!IsOrWillBeSplit(table))
        {
            _merging.Remove(table.Table);
            return;
        }

        foreach (SpanTask task in table.Spans)
        {
            // One that a failure holds can't be merged, and would not be known to be held while that is tried.
            if (!task.IsReplicating || task.Held is not null) return;
        }

        NodeId node = table.Spans[0].Node;
        bool isTogether = true;
        foreach (SpanTask task in table.Spans)
        {
            if (task.Node == node) continue;
            isTogether = false;
            schedule.Move(task, node, now);
        }

        if (isTogether) Merge(table, now);
    }

    void Merge(TableTasks table, TimeSpan now)
    {
        var whole = TableSpan.Whole(table.Table);
        SpanTask target = new(schedule.Mode, schedule.NextId(), whole, table.Schema, table.Checkpoint);
        schedule.Begin(new MergeOperation(schedule, target, [.. table.Spans], now));
    }
}
