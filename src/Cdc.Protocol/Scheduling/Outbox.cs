using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Something that a node is told until it is so.</summary>
/// <param name="node">Whom.</param>
/// <param name="item">A create or a remove; null: a merge.</param>
/// <param name="merge">A merge; null: a create or a remove.</param>
internal sealed class Request(NodeId node, ScheduleItem? item, MergeItem? merge = null)
{
    public NodeId Node { get; } = node;
    public ScheduleItem? Item { get; } = item;
    public MergeItem? Merge { get; } = merge;
    public TimeSpan SentAt { get; set; }
    public bool IsSent { get; set; }
    public bool IsWithdrawn { get; set; }
    public OutboxLane? Lane { get; set; }
}

/// <summary>What the operations say to the nodes: one message a node and tick, repeated, and bounded in what is said
/// and not done.</summary>
internal sealed class Outbox(Epoch epoch, Mode mode)
{
    readonly SortedDictionary<NodeId, OutboxLane> _lanes = [];

    public void Post(Request request)
    {
        if (!_lanes.TryGetValue(request.Node, out OutboxLane? lane)) _lanes.Add(request.Node, lane = new());
        request.Lane = lane;
        lane.Fresh.Enqueue(request);
    }

    /// <summary>It is done, or not wanted any more.</summary>
    public void Withdraw(Request request)
    {
        if (request.IsWithdrawn) return;
        request.IsWithdrawn = true;
        if (request.IsSent) request.Lane!.InFlight--;
    }

    /// <summary>The node has left: nothing is said to it any more.</summary>
    public void Forget(NodeId node) => _lanes.Remove(node);

    public void Send(TimeSpan now, Effects effects)
    {
        foreach ((NodeId node, OutboxLane lane) in _lanes) Send(node, lane, now, effects);
    }

    void Send(NodeId node, OutboxLane lane, TimeSpan now, Effects effects)
    {
        ImmutableArray<ScheduleItem>.Builder? items = null;
        int said = 0;
        while (said < SchedulingLimits.ItemsPerRequest && lane.Next(now) is { } request)
        {
            said++;
            if (request.Item is { } item) (items ??= ImmutableArray.CreateBuilder<ScheduleItem>()).Add(item);
            if (request.Merge is { } merge) effects.Send(Party.Manager(node), new MergeRequest(epoch, mode, merge));
        }

        if (items is null) return;
        effects.Send(Party.Manager(node), new ScheduleRequest(epoch, mode, items.DrainToImmutable()));
    }
}

/// <summary>What one node is told, in order.</summary>
internal sealed class OutboxLane
{
    readonly Queue<Request> _said = new();

    public Queue<Request> Fresh { get; } = new();

    /// <summary>Said and not withdrawn.</summary>
    public int InFlight { get; set; }

    public Request? Next(TimeSpan now)
    {
        while (Fresh.TryPeek(out Request? request))
        {
            if (!request.IsWithdrawn && InFlight >= SchedulingLimits.InFlightPerNode) break;
            Fresh.Dequeue();
            if (request.IsWithdrawn) continue;
            InFlight++;
            return Said(request, now);
        }

        // The pause is the same for all, so they are in the order in which they are due.
        while (_said.TryPeek(out Request? request))
        {
            if (!request.IsWithdrawn && now - request.SentAt < SchedulingLimits.Repeat) break;
            _said.Dequeue();
            if (!request.IsWithdrawn) return Said(request, now);
        }

        return null;
    }

    Request Said(Request request, TimeSpan now)
    {
        (request.IsSent, request.SentAt) = (true, now);
        _said.Enqueue(request);
        return request;
    }
}
