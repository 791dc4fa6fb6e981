using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>How far one mode of a changefeed is: everything up to it is durable.</summary>
/// <remarks>
/// <para>The smallest of: the watermark of every node that has replicating spans; the checkpoint of every span that is
/// not replicating; the position of every barrier that adds tables.</para>
/// <para>A span counts with its own checkpoint until it is replicating, and with its node's watermark from then on. So
/// the watermark of a heartbeat is taken before its statuses are: the one that reports a span working is the first
/// that includes it.</para>
/// <para>It costs the number of nodes, not that of spans.</para>
/// </remarks>
internal sealed class CheckpointCalculator(SpanIndex spans)
{
    readonly SortedDictionary<NodeId, Watermark> _watermarks = [];

    /// <summary>Takes a node's watermark, unless it is older than the one it has.</summary>
    /// <remarks>A greater sequence means that a dispatcher was added: then the checkpoint may be lower, and has to be
    /// believed.</remarks>
    /// <returns>Whether no later set of dispatchers has been heard of.</returns>
    public bool Take(NodeId node, Watermark watermark)
    {
        if (!_watermarks.TryGetValue(node, out Watermark known) || watermark.Sequence > known.Sequence)
        {
            _watermarks[node] = watermark;
            return true;
        }

        if (watermark.Sequence < known.Sequence) return false;
        if (watermark.Checkpoint is { } now && (known.Checkpoint is not { } before || now > before))
        {
            _watermarks[node] = watermark;
        }

        return true;
    }

    /// <summary>The node has left. Should it come again, what it said before does not count: one that comes late may be
    /// of fewer dispatchers than the schedule takes over.</summary>
    public void NodeLeft(NodeId node)
    {
        if (_watermarks.TryGetValue(node, out Watermark known)) _watermarks[node] = known with { Checkpoint = null };
    }

    /// <summary>The nodes whose spans count and that have not said how far they are.</summary>
    public IEnumerable<NodeId> Missing()
    {
        foreach ((NodeId node, NodeTasks tasks) in spans.Nodes)
        {
            if (tasks.Replicating == 0) continue;
            bool isKnown = _watermarks.TryGetValue(node, out Watermark watermark) && watermark.Checkpoint is not null;
            if (!isKnown) yield return node;
        }
    }

    /// <param name="added">The smallest position of a barrier that adds tables; null: there is none.</param>
    /// <returns>Null: not known in this round.</returns>
    public CommitTs? Calculate(CommitTs? added)
    {
        CommitTs? least = added;
        if (spans.Waiting.Min is { } waiting) least = Least(least, waiting.Checkpoint);
        foreach ((NodeId node, NodeTasks tasks) in spans.Nodes)
        {
            if (tasks.Replicating == 0) continue;
            if (!_watermarks.TryGetValue(node, out Watermark watermark)) return null;
            if (watermark.Checkpoint is not { } checkpoint) return null;
            least = Least(least, checkpoint);
        }

        return least;
    }

    static CommitTs Least(CommitTs? left, CommitTs right) => left is { } other ? CommitTs.Min(other, right) : right;
}
