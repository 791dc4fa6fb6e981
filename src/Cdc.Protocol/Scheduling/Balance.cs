using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Evens out the number of spans of the nodes, at intervals.</summary>
/// <remarks>A span that an open block event stops is left alone: moved, it would only have to report again. So is an
/// inherited part, whose table would be made whole. But not for ever: where DDL never ends, some event is always open,
/// so what has been put off for long is moved anyway. A move under a barrier costs that barrier a moment, and nothing
/// else.</remarks>
/// <param name="schedule">Whose spans.</param>
/// <param name="isStopped">Whether a block event is open that stops a span, which is not beyond it.</param>
internal sealed class Balance(Schedule schedule, Func<SpanTask, bool> isStopped)
{
    TimeSpan? _last;
    TimeSpan? _putOffSince;

    /// <param name="nodes">Those that take part, in order; without those that are drained.</param>
    /// <param name="now">The time.</param>
    public void Tick(ReadOnlySpan<NodeId> nodes, TimeSpan now)
    {
        if (_last is { } last && now - last < SchedulingLimits.BalanceInterval) return;
        _last = now;
        if (nodes.Length < 2 || schedule.Spans.Absent.Count > 0) return;
        bool isPatient = _putOffSince is not { } since || now - since < SchedulingLimits.BalancePatience;
        bool isPutOff = !Even(nodes, isPatient, now) && isPatient;
        _putOffSince = isPutOff ? _putOffSince ?? now : null;
    }

    /// <returns>False: there is more to move, and nothing that may be moved.</returns>
    bool Even(ReadOnlySpan<NodeId> nodes, bool isPatient, TimeSpan now)
    {
        int[] load = new int[nodes.Length];
        int[] next = new int[nodes.Length];
        for (int i = 0; i < nodes.Length; i++) load[i] = schedule.Spans.On(nodes[i]).Tasks.Count;
        for (int moves = Moving(nodes, load); moves < SchedulingLimits.BalanceMoves; moves++)
        {
            int most = Array.IndexOf(load, load.Max());
            int fewest = Array.IndexOf(load, load.Min());
            if (load[most] - load[fewest] <= 1) return true;
            if (Pick(nodes[most], ref next[most], isPatient) is not { } task) return false;
            schedule.Move(task, nodes[fewest], now);
            load[most]--;
            load[fewest]++;
        }

        return true;
    }

    /// <summary>Counts what is under way to another node where it is going to be.</summary>
    /// <returns>How many are.</returns>
    int Moving(ReadOnlySpan<NodeId> nodes, int[] load)
    {
        int moving = 0;
        for (int i = 0; i < schedule.Operations.Count; i++)
        {
            if (schedule.Operations[i] is not MoveOperation move) continue;
            moving++;
            int from = nodes.IndexOf(move.Task.Node);
            int to = nodes.IndexOf(move.Destination);
            if (from >= 0 && to >= 0) (load[from], load[to]) = (load[from] - 1, load[to] + 1);
        }

        return moving;
    }

    SpanTask? Pick(NodeId node, ref int next, bool isPatient)
    {
        SlotList<SpanTask> tasks = schedule.Spans.On(node).Tasks;
        for (; next < tasks.Count; next++)
        {
            SpanTask task = tasks[next];
            if (!task.IsReplicating || task.Operation is not null || task.Id.IsTrigger) continue;
            // Where it is does not help one that a failure holds, and how long it has been held would begin anew.
            if (task.Held is not null) continue;
            // A merge brings its table together by itself.
            if (schedule.Reshaping.IsMerging(task.Span.Table)) continue;
            if (isPatient && (task.IsInherited || isStopped(task))) continue;
            return task;
        }

        return null;
    }
}
