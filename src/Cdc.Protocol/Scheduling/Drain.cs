namespace Cdc.Protocol.Scheduling;

/// <summary>Takes everything off nodes that are to be empty, some at a time.</summary>
internal sealed class Drain(Schedule schedule)
{
    /// <param name="drained">The nodes to empty, in order.</param>
    /// <param name="nodes">The others, in order.</param>
    public void Tick(ReadOnlySpan<NodeId> drained, ReadOnlySpan<NodeId> nodes, TimeSpan now)
    {
        if (nodes.IsEmpty) return;
        foreach (NodeId node in drained) Empty(node, nodes, now);
    }

    void Empty(NodeId node, ReadOnlySpan<NodeId> nodes, TimeSpan now)
    {
        if (!schedule.Spans.Nodes.TryGetValue(node, out NodeTasks? on) || on.Replicating == 0) return;
        int room = SchedulingLimits.DrainMoves - on.Scheduling;
        int[]? load = null;

        // One that begins to move goes to the end of the list, and another takes its place.
        for (int i = 0; i < on.Tasks.Count && room > 0;)
        {
            SpanTask task = on.Tasks[i];
            if (!task.IsReplicating || task.Operation is not null)
            {
                i++;
                continue;
            }

            load ??= Load(nodes);
            int fewest = Array.IndexOf(load, load.Min());
            schedule.Move(task, nodes[fewest], now);
            load[fewest]++;
            room--;
        }
    }

    int[] Load(ReadOnlySpan<NodeId> nodes)
    {
        int[] load = new int[nodes.Length];
        for (int i = 0; i < nodes.Length; i++) load[i] = schedule.Spans.On(nodes[i]).Tasks.Count;
        return load;
    }
}
