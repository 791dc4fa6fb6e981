using System.Collections.Immutable;
using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Checks;

/// <summary>Counts what a maintainer's view of the nodes does between two of its ticks.</summary>
sealed class ViewCases(ReachedStates reached)
{
    readonly Dictionary<RoleHost, View> _views = [];

    sealed class View
    {
        public ImmutableArray<NodeId> Alive = [];

        /// <summary>Those that left behind the last tick, and that it counted on.</summary>
        public readonly HashSet<NodeId> Gone = [];
    }

    public void Ticks(RoleHost host)
    {
        if (_views.TryGetValue(host, out View? view)) view.Gone.Clear();
    }

    public void Changes(RoleHost host, ImmutableArray<NodeId> alive)
    {
        if (host.Role is not Maintainer { Tenure: { } tenure }) return;
        if (!_views.TryGetValue(host, out View? view)) _views.Add(host, view = new());
        if (view.Alive.AsSpan().SequenceEqual(alive.AsSpan())) reached.Reached(HardCase.ViewSaidAgain);
        foreach (NodeId node in view.Alive)
        {
            if (!alive.Contains(node) && tenure.Members.IsIn(node)) view.Gone.Add(node);
        }

        int back = 0;
        foreach (NodeId node in alive)
        {
            if (view.Gone.Remove(node)) back++;
            else if (!view.Alive.Contains(node) && view.Gone.RemoveWhere(gone => IsLater(node, gone)) > 0)
                reached.Reached(HardCase.NodeBackAnew);
        }

        if (back > 0) reached.Reached(HardCase.NodeBack);
        if (back > 1) reached.Reached(HardCase.NodesBack);
        view.Alive = alive;
    }

    /// <summary>Whether these are two lives of one machine.</summary>
    static bool IsLater(NodeId life, NodeId former) =>
        life.Value.AsSpan(0, life.Value.IndexOf('.')).SequenceEqual(former.Value.AsSpan(0, former.Value.IndexOf('.')));
}
