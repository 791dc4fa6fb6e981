using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>The spans that a failure holds, each by itself: the others go on.</summary>
internal sealed class HeldSpans
{
    readonly SortedDictionary<DispatcherId, (SpanTask Task, TimeSpan Since)> _held = [];

    public void Take(SpanTask task, FaultKind? kind, TimeSpan now)
    {
        if (kind is null && task.Held is null) return;
        task.Held = kind;
        if (kind is null) _held.Remove(task.Id);
        else _held.TryAdd(task.Id, (task, now));
    }

    /// <summary>The span is in no schedule any more, nor will it be.</summary>
    public void Forget(SpanTask task)
    {
        task.Held = null;
        _held.Remove(task.Id);
    }

    /// <summary>The tables that have been held for at least so long.</summary>
    public List<TableId> Since(TimeSpan since)
    {
        List<TableId> tables = [];
        if (_held.Count == 0) return tables;
        List<DispatcherId> gone = [];
        foreach ((DispatcherId id, (SpanTask task, TimeSpan from)) in _held)
        {
            if (task.State == TaskState.Absent) gone.Add(id);
            else if (from <= since && !task.Id.IsTrigger) tables.Add(task.Span.Table);
        }

        foreach (DispatcherId id in gone) Forget(_held[id].Task);

        return tables;
    }
}
