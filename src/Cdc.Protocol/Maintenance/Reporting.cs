using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Tells the changefeed how far it is: soon after a change, and now and then anyway.</summary>
internal sealed class Reporting(Epoch epoch)
{
    readonly SortedDictionary<NodeId, ImmutableArray<NodeFailure>> _failures = [];
    MaintainerReport? _last;
    TimeSpan _lastAt;

    /// <summary>What stops a node. It goes with the next report; the node says it again as long as it is so.</summary>
    public void Take(NodeId node, ImmutableArray<NodeFailure> failures)
    {
        if (!failures.IsEmpty) _failures[node] = failures;
    }

    public void NodeLeft(NodeId node) => _failures.Remove(node);

    public void Tick(CommitTs checkpoint, bool isBootstrapped, TimeSpan now, Effects effects)
    {
        if (_last is { } last)
        {
            bool isSame = _failures.Count == 0
                && last.Checkpoint == checkpoint && last.IsBootstrapped == isBootstrapped;
            if (now - _lastAt < (isSame ? MaintainerTimes.ReportAnyway : MaintainerTimes.ReportChange)) return;
        }

        ImmutableArray<NodeFailure> failures = [.. _failures.Values.SelectMany(static each => each)];
        (_last, _lastAt) = (new(epoch, checkpoint, isBootstrapped, failures), now);
        _failures.Clear();
        effects.Send(Party.Changefeed, _last);
    }
}
