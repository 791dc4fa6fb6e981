namespace Cdc.Protocol.Scheduling;

/// <summary>Gives the spans that run nowhere to the nodes that have the fewest.</summary>
/// <remarks>A table of which a part that an earlier maintainer made runs nowhere is made whole first.</remarks>
internal sealed class Placement(Schedule schedule)
{
    /// <param name="nodes">Those that may get some, in order.</param>
    /// <param name="mayHaveTrigger">Whether a node in view may still have the trigger: then it is not made.</param>
    public void Tick(ReadOnlySpan<NodeId> nodes, bool mayHaveTrigger, TimeSpan now)
    {
        if (schedule.Spans.Absent.Count == 0 || nodes.IsEmpty) return;
        Span<int> load = nodes.Length <= 64 ? stackalloc int[nodes.Length] : new int[nodes.Length];
        Span<int> room = nodes.Length <= 64 ? stackalloc int[nodes.Length] : new int[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            NodeTasks tasks = schedule.Spans.On(nodes[i]);
            (load[i], room[i]) = (tasks.Tasks.Count, SchedulingLimits.InFlightPerNode - tasks.Scheduling);
        }

        SpanTask trigger = schedule.Trigger;
        if (trigger.State == TaskState.Absent && !mayHaveTrigger) Place(trigger, nodes, load, room, now);
        SlotList<SpanTask> absent = schedule.Spans.Absent;
        int last = absent.Count - 1;
        for (int placed = 0; placed < SchedulingLimits.PlacedPerTick && last >= 0; placed++)
        {
            SpanTask task = absent[last];
            if (task.IsInherited)
            {
                schedule.MakeWhole(schedule.Spans.Table(task.Span.Table)!, now);
                last = absent.Count - 1;
                continue;
            }

            if (!task.Id.IsTrigger && !Place(task, nodes, load, room, now)) return;
            // Whoever leaves the list from the end disturbs nobody before it.
            last--;
        }
    }

    bool Place(SpanTask task, ReadOnlySpan<NodeId> nodes, Span<int> load, Span<int> room, TimeSpan now)
    {
        int best = -1;
        for (int i = 0; i < nodes.Length; i++)
        {
            if (room[i] > 0 && (best < 0 || load[i] < load[best])) best = i;
        }

        if (best < 0) return false;
        load[best]++;
        room[best]--;
        schedule.Add(task, nodes[best], now);
        return true;
    }
}
