using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Makes an absent span run on a node.</summary>
/// <remarks><code>
/// Creating --working--------------> replicating
///    | stopped, node left
///    v
///  absent
/// </code></remarks>
internal sealed class AddOperation : Operation
{
    public AddOperation(Schedule schedule, SpanTask task, NodeId node, TimeSpan now)
        : base(schedule, task, now)
    {
        schedule.Spans.MakeScheduling(task, node, schedule.NextOwner());
        Ask(Create(task, schedule.StartOf(task)));
    }

    /// <summary>Takes up one of an earlier maintainer: the incarnation is on the node, or on its way.</summary>
    public AddOperation(Schedule schedule, SpanTask task, NodeId node, Owner owner, TimeSpan now)
        : base(schedule, task, now)
    {
        schedule.Spans.MakeScheduling(task, node, owner);
        Ask(Create(task, schedule.StartOf(task)));
    }

    public override OperationKind Kind => OperationKind.Add;

    public override string Waits => $"{Task.Node} to start it";

    public override void On(SpanTask task, in SpanStatus status, TimeSpan now)
    {
        if (status.State == ComponentState.Working)
        {
            End();
            Schedule.Spans.MakeReplicating(task);
        }
        else if (status.State == ComponentState.Stopped)
        {
            End();
            Schedule.Spans.MakeStopped(task);
        }
    }

    public override void NodeLeft(NodeId node, TimeSpan now)
    {
        if (node != Task.Node) return;
        End();
        Schedule.Spans.MakeAbsent(Task);
    }
}
