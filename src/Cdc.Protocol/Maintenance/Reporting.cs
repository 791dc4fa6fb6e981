using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Tells the changefeed how far it is: soon after a change, and now and then anyway.</summary>
/// <param name="epoch">The maintainer's.</param>
/// <param name="isStopping">Whether what a node says stops the changefeed, as things are now.</param>
internal sealed class Reporting(Epoch epoch, Func<NodeId, NodeFailure, bool> isStopping)
{
    readonly SortedDictionary<NodeId, ImmutableArray<NodeFailure>> _failures = [];
    MaintainerReport? _last;
    TimeSpan _lastAt;

    /// <summary>What stops a node. It goes with the next report; the node says it again as long as it is so.</summary>
    public void Take(NodeId node, ImmutableArray<NodeFailure> failures)
    {
        failures = failures.RemoveAll(failure => !isStopping(node, failure));
        if (!failures.IsEmpty) _failures[node] = failures;
    }

    public void NodeLeft(NodeId node) => _failures.Remove(node);

    public void Tick(CommitTs checkpoint, bool isBootstrapped, TimeSpan now, Effects effects)
    {
        // What has been heard may have been taken out of the schedule since.
        ImmutableArray<NodeFailure> failures =
            [.. _failures.SelectMany(said => said.Value.Where(failure => isStopping(said.Key, failure)))];
        if (_last is { } last)
        {
            bool isSame = failures.IsEmpty
                && last.Checkpoint == checkpoint && last.IsBootstrapped == isBootstrapped;
            if (now - _lastAt < (isSame ? MaintainerTimes.ReportAnyway : MaintainerTimes.ReportChange)) return;
        }

        (_last, _lastAt) = (new(epoch, checkpoint, isBootstrapped, failures), now);
        _failures.Clear();
        effects.Send(Party.Changefeed, _last);
    }
}
