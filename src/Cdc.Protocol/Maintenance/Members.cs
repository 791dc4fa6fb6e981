using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>One node in view, and how far it is with taking this maintainer.</summary>
/// <remarks><code>
/// asked --answers--> answered --its dispatchers are in the schedule--> in --post-bootstrap answered--> in and told
/// </code></remarks>
internal sealed class Member(NodeId node)
{
    public NodeId Node { get; } = node;

    /// <summary>What it has, until that is in the schedule.</summary>
    public BootstrapResponse? Answer { get; set; }

    /// <summary>The schedule has what it has: its reports count, and it may get more.</summary>
    public bool IsIn { get; set; }

    /// <summary>It knows that.</summary>
    public bool IsTold { get; set; }

    public TimeSpan? SaidAt { get; set; }
}

/// <summary>The nodes in view. Each is asked what it has until it has answered, and told that the schedule has it until
/// it has taken that.</summary>
internal sealed class Members
{
    readonly SortedDictionary<NodeId, Member> _nodes = [];
    readonly BootstrapRequest _request;
    NodeId[]? _in;

    public Members(EpochGrant grant)
    {
        var triggers = ImmutableArray.CreateBuilder<DispatcherId>();
        triggers.Add(DispatcherId.TriggerOf(Mode.Event));
        if (grant.HasRedo) triggers.Add(DispatcherId.TriggerOf(Mode.Redo));
        _request = new(grant.Epoch, grant.Checkpoint, triggers.ToImmutable());
    }

    public IReadOnlyCollection<Member> All => _nodes.Values;

    /// <summary>Those whose dispatchers are in the schedule, in order.</summary>
    public ReadOnlySpan<NodeId> In => _in ??= [.. _nodes.Values.Where(static m => m.IsIn).Select(static m => m.Node)];

    /// <summary>There are some, and each of them has said what it has.</summary>
    public bool HaveAnswered =>
        _nodes.Count > 0 && _nodes.Values.All(static member => member.IsIn || member.Answer is not null);

    public bool IsIn(NodeId node) => _nodes.TryGetValue(node, out Member? member) && member.IsIn;

    /// <summary>It has not said yet what it has.</summary>
    public bool IsAsked(NodeId node) =>
        _nodes.TryGetValue(node, out Member? member) && member is { IsIn: false, Answer: null };

    /// <summary>Takes the nodes that are in view now.</summary>
    /// <returns>Those that no longer are.</returns>
    public List<NodeId> See(ImmutableArray<NodeId> alive)
    {
        SortedSet<NodeId> now = [.. alive];
        List<NodeId> left = [.. _nodes.Keys.Where(node => !now.Contains(node))];
        foreach (NodeId node in left) _nodes.Remove(node);
        foreach (NodeId node in now) _nodes.TryAdd(node, new(node));
        _in = null;
        return left;
    }

    /// <summary>A node says what it has; what it says again, or refuses, changes nothing.</summary>
    /// <returns>The node that has answered; null: nothing new.</returns>
    public Member? Take(NodeId from, BootstrapResponse answer)
    {
        if (answer.Refusal is not null || !IsAsked(from)) return null;
        Member member = _nodes[from];
        member.Answer = answer;
        return member;
    }

    /// <summary>What the node has is in the schedule.</summary>
    public void Enter(Member member)
    {
        (member.IsIn, member.Answer, member.SaidAt) = (true, null, null);
        _in = null;
    }

    public void Told(NodeId from)
    {
        if (_nodes.TryGetValue(from, out Member? member) && member.IsIn) member.IsTold = true;
    }

    /// <summary>Says what is due.</summary>
    public void Tick(TimeSpan now, Effects effects)
    {
        foreach (Member member in _nodes.Values)
        {
            bool isWaitedFor = member.IsIn ? !member.IsTold : member.Answer is null;
            if (!isWaitedFor || (member.SaidAt is { } said && now - said < MaintainerTimes.Repeat)) continue;
            member.SaidAt = now;
            Message message = member.IsIn ? new PostBootstrapRequest(_request.Epoch) : _request;
            effects.Send(Party.Manager(member.Node), message);
        }
    }
}
