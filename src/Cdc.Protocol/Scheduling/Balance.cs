namespace Cdc.Protocol.Scheduling;

/// <summary>Evens out the number of spans of the nodes, at intervals, when nothing else is going on.</summary>
internal sealed class Balance(Schedule schedule)
{
    TimeSpan? _last;

    /// <param name="nodes">Those that take part, in order; without those that are drained.</param>
    /// <param name="isBarrierOpen">A block event stops spans: moving one of them would only make it report
    /// again.</param>
    public void Tick(ReadOnlySpan<NodeId> nodes, bool isBarrierOpen, TimeSpan now)
    {
        if (_last is { } last && now - last < SchedulingLimits.BalanceInterval) return;
        if (isBarrierOpen) return;
        _last = now;
        bool isBusy = schedule.Operations.Count > schedule.Copies.Running || schedule.Spans.Absent.Count > 0;
        if (nodes.Length < 2 || isBusy) return;
        int[] load = new int[nodes.Length];
        int[] next = new int[nodes.Length];
        for (int i = 0; i < nodes.Length; i++) load[i] = schedule.Spans.On(nodes[i]).Tasks.Count;
        for (int moves = 0; moves < SchedulingLimits.BalanceMoves; moves++)
        {
            int most = Array.IndexOf(load, load.Max());
            int fewest = Array.IndexOf(load, load.Min());
            if (load[most] - load[fewest] <= 1) return;
            if (Pick(nodes[most], ref next[most]) is not { } task) return;
            schedule.Move(task, nodes[fewest], now);
            load[most]--;
            load[fewest]++;
        }
    }

    SpanTask? Pick(NodeId node, ref int next)
    {
        SlotList<SpanTask> tasks = schedule.Spans.On(node).Tasks;
        for (; next < tasks.Count; next++)
        {
            SpanTask task = tasks[next];
            if (task.IsReplicating && task.Operation is null && !task.Id.IsTrigger) return task;
        }

        return null;
    }
}
