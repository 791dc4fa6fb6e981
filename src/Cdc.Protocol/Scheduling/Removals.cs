using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Dispatchers that have to go and are no span of the schedule's, or no longer.</summary>
/// <remarks><code>
/// Removing --stopped, not in a complete heartbeat, node left--> gone
/// </code></remarks>
internal sealed class Removals(Outbox outbox)
{
    readonly SortedDictionary<NodeId, SortedDictionary<DispatcherId, Removal>> _nodes = [];

    public int Count { get; private set; }

    /// <summary>All of them, for whoever asks what is being waited for.</summary>
    public IEnumerable<(NodeId Node, DispatcherId Id, TimeSpan Since)> All
    {
        get
        {
            foreach ((NodeId node, var ids) in _nodes)
            {
                foreach ((DispatcherId id, Removal removal) in ids) yield return (node, id, removal.Since);
            }
        }
    }

    /// <summary>Removes an incarnation and those before it; a later one stays.</summary>
    /// <param name="round">The heartbeat that is being taken, or was last: it can't show that this is gone.</param>
    public void Begin(NodeId node, in ScheduleItem item, ulong round, TimeSpan now)
    {
        if (!_nodes.TryGetValue(node, out var ids)) _nodes.Add(node, ids = []);
        if (ids.TryGetValue(item.Id, out Removal? known))
        {
            if (item.Owner <= known.Owner) return;
            End(ids, item.Id, known);
        }

        Request request = new(node, item);
        ids.Add(item.Id, new(item.Owner, request, now) { SeenIn = round });
        Count++;
        outbox.Post(request);
    }

    /// <summary>Whether a report is of something that is being removed.</summary>
    /// <param name="isListed">The node lists what it has: what is listed is there, also if it has ended.</param>
    public bool Take(NodeId from, in SpanStatus status, bool isListed, ulong round)
    {
        if (Count == 0 || !_nodes.TryGetValue(from, out var ids)) return false;
        if (!ids.TryGetValue(status.Id, out Removal? removal) || status.Owner > removal.Owner) return false;
        removal.SeenIn = round;
        if (status.State == ComponentState.Stopped && !isListed) End(ids, status.Id, removal);
        return true;
    }

    /// <summary>A complete heartbeat has been taken: what it did not have is gone.</summary>
    public void Complete(NodeId from, ulong round)
    {
        if (!_nodes.TryGetValue(from, out var ids)) return;
        List<DispatcherId> gone = [];
        foreach ((DispatcherId id, Removal removal) in ids)
        {
            if (removal.SeenIn != round) gone.Add(id);
        }

        foreach (DispatcherId id in gone) End(ids, id, ids[id]);
    }

    public void NodeLeft(NodeId node)
    {
        if (_nodes.Remove(node, out var ids)) Count -= ids.Count;
    }

    void End(SortedDictionary<DispatcherId, Removal> ids, DispatcherId id, Removal removal)
    {
        outbox.Withdraw(removal.Request);
        ids.Remove(id);
        Count--;
    }

    sealed class Removal(Owner owner, Request request, TimeSpan since)
    {
        public Owner Owner { get; } = owner;
        public Request Request { get; } = request;
        public TimeSpan Since { get; } = since;
        public ulong SeenIn { get; set; }
    }
}
