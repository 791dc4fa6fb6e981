using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Tells the changefeed how far it is: soon after a change, and now and then anyway.</summary>
internal sealed class Reporting(Epoch epoch)
{
    readonly SortedDictionary<(NodeId Node, Mode Mode), ImmutableArray<NodeFailure>> _failures = [];
    MaintainerReport? _last;
    TimeSpan _lastAt;
    bool _haveFailuresChanged;

    /// <summary>What stops a node, as it says itself: the last word counts.</summary>
    public void Take(NodeId node, Mode mode, ImmutableArray<NodeFailure> failures)
    {
        bool has = _failures.TryGetValue((node, mode), out ImmutableArray<NodeFailure> known);
        if (has ? known.SequenceEqual(failures) : failures.IsEmpty) return;
        _haveFailuresChanged = true;
        if (failures.IsEmpty) _failures.Remove((node, mode));
        else _failures[(node, mode)] = failures;
    }

    public void NodeLeft(NodeId node)
    {
        Take(node, Mode.Event, []);
        Take(node, Mode.Redo, []);
    }

    public void Tick(CommitTs checkpoint, bool isBootstrapped, TimeSpan now, Effects effects)
    {
        if (_last is { } last)
        {
            bool isSame = !_haveFailuresChanged
                && last.Checkpoint == checkpoint && last.IsBootstrapped == isBootstrapped;
            if (now - _lastAt < (isSame ? MaintainerTimes.ReportAnyway : MaintainerTimes.ReportChange)) return;
        }

        ImmutableArray<NodeFailure> failures = [.. _failures.Values.SelectMany(static each => each)];
        (_last, _lastAt, _haveFailuresChanged) = (new(epoch, checkpoint, isBootstrapped, failures), now, false);
        effects.Send(Party.Changefeed, _last);
    }
}
