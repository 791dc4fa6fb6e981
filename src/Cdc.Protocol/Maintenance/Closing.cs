using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Has every node in view close all of the changefeed. Nothing else is done any more: what stops now is meant
/// to.</summary>
internal sealed class Closing(Epoch epoch, bool remove, ImmutableArray<NodeId>? alive)
{
    readonly SortedSet<NodeId> _closed = [];
    ImmutableArray<NodeId>? _alive = alive;
    TimeSpan? _askedAt;

    /// <summary>Not only to close, but to clean up what is left.</summary>
    public bool Remove { get; } = remove;

    public MaintainerWait WaitingFor() => MaintainerWait.Nothing with { Closing = [.. Open()] };

    /// <returns>Whether it has ended.</returns>
    public bool Handle(Input input, TimeSpan now, Effects effects)
    {
        if (input is NodesChanged nodes) _alive = nodes.Alive;
        if (input is Received { From: { Role: Role.Manager } from, Message: CloseResponse { IsClosed: true } })
        {
            _closed.Add(from.Node);
        }

        if (_alive is null) return false;
        if (!Open().Any())
        {
            effects.Send(Party.Changefeed, new MaintainerStopped(epoch));
            effects.Add(new End("Everything in view is closed."));
            return true;
        }

        if (_askedAt is { } asked && now - asked < MaintainerTimes.Repeat) return false;
        _askedAt = now;
        foreach (NodeId node in Open()) effects.Send(Party.Manager(node), new CloseRequest(epoch, Remove));
        return false;
    }

    IEnumerable<NodeId> Open() => _alive is { } alive ? alive.Where(node => !_closed.Contains(node)) : [];
}
