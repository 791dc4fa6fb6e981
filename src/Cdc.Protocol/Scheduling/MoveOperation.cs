using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Takes a span from one node to another, without ever having it made on two; or creates it again where it
/// is. A part that an earlier maintainer made ends absent, so that its table is made whole.</summary>
/// <remarks><code>
/// RemovingOrigin --origin stopped, left--> CreatingAtDestination --working--> replicating
///    | destination left                       | stopped, destination left
///    v                                        |
/// Aborting ------origin stopped, left---------+--> absent
/// </code></remarks>
internal sealed class MoveOperation : Operation
{
    enum State
    {
        RemovingOrigin,
        CreatingAtDestination,
        Aborting,
    }

    State _state = State.RemovingOrigin;

    public MoveOperation(Schedule schedule, SpanTask task, NodeId destination, TimeSpan now)
        : base(schedule, task, now)
    {
        (Origin, Destination) = (task.Node, destination);
        schedule.Spans.MakeScheduling(task, task.Node, task.Owner);
        Ask(Remove(task));
    }

    /// <summary>Takes up one of an earlier maintainer, which was removing the span's incarnation on a node: it goes on
    /// until that is gone.</summary>
    public MoveOperation(Schedule schedule, SpanTask task, NodeId origin, Owner owner, TimeSpan now)
        : base(schedule, task, now)
    {
        (Origin, _state) = (origin, State.Aborting);
        schedule.Spans.MakeScheduling(task, origin, owner);
        Ask(Remove(task));
    }

    public NodeId Origin { get; }

    public NodeId Destination { get; }

    public override OperationKind Kind => OperationKind.Move;

    public override string Waits =>
        _state == State.CreatingAtDestination ? $"{Destination} to start it" : $"{Origin} to stop it";

    public override void On(SpanTask task, in SpanStatus status, TimeSpan now)
    {
        if (status.State == ComponentState.Stopped) Stopped();
        else if (_state == State.CreatingAtDestination && status.State == ComponentState.Working)
        {
            End();
            Schedule.Spans.MakeReplicating(Task);
        }
    }

    public override void Missing(SpanTask task, TimeSpan now)
    {
        // What is being created may not have got there yet.
        if (_state != State.CreatingAtDestination) Stopped();
    }

    public override void NodeLeft(NodeId node, TimeSpan now)
    {
        bool isDestination = node == Destination;
        if (_state == State.RemovingOrigin && isDestination) _state = State.Aborting;
        if (node != Task.Node) return;
        if (_state != State.CreatingAtDestination)
        {
            // The remove may reach the origin yet: should that come back, what it still has is not taken for running.
            Stopped();
            return;
        }

        End();
        Schedule.Spans.MakeAbsent(Task);
    }

    void Stopped()
    {
        if (_state == State.RemovingOrigin && !Task.IsInherited)
        {
            _state = State.CreatingAtDestination;
            Schedule.Spans.MakeScheduling(Task, Destination, Schedule.NextOwner());
            Ask(Create(Task, Schedule.StartOf(Task)));
            return;
        }

        End();
        Schedule.Spans.MakeStopped(Task);
    }
}
