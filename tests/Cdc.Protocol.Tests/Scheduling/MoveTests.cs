using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class MoveTests
{
    readonly ScheduleRig _rig = new();
    readonly SpanTask _task;

    public MoveTests()
    {
        _task = _rig.Running(1, A);
        _rig.Said();
        _rig.Schedule.Move(_task, B, _rig.Now);
    }

    [Fact]
    public void The_destination_is_asked_only_when_the_origin_has_confirmed()
    {
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, _task, ComponentState.Working, 11);
        _rig.Says(A, _task, ComponentState.Stopping, 12);
        Assert.Equal("Scheduling 7.1 @a", Of(_task));
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        Assert.Equal("Scheduling 7.2 @b", Of(_task));
        Assert.Equal("create d7.1 7.2 @b from 15", _rig.Said());
        _rig.Says(B, _task, ComponentState.Working, 15);
        Assert.Equal("Replicating 7.2 @b", Of(_task));
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void An_origin_whose_complete_heartbeat_lacks_it_has_removed_it()
    {
        _rig.SaysAll(A);
        Assert.Equal("Scheduling 7.2 @b", Of(_task));
    }

    [Fact]
    public void A_complete_heartbeat_does_not_disprove_what_is_being_created()
    {
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.SaysAll(B);
        Assert.Equal("Scheduling 7.2 @b", Of(_task));
    }

    [Fact]
    [Trait("AC", "MoveOperator_DestNodeRemovedBeforeOriginStopped")]
    public void A_destination_lost_before_the_origin_stopped_leaves_it_absent_but_not_before_the_origin_confirmed()
    {
        _rig.Leaves(B);
        Assert.Equal("Scheduling 7.1 @a", Of(_task));
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        Assert.Equal("Absent", Of(_task));
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    [Trait("AC", "MoveOperator_DestNodeRemovedAfterOriginStopped")]
    public void A_destination_lost_after_the_origin_stopped_leaves_it_absent()
    {
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Leaves(B);
        Assert.Equal("Absent", Of(_task));
        Assert.Equal(Ts(15), _task.Checkpoint);
    }

    [Fact]
    [Trait("AC", "MoveOperator_OriginNodeRemovedBeforeOriginStopped")]
    public void An_origin_that_left_has_nothing_to_confirm()
    {
        _rig.Leaves(A);
        Assert.Equal("create d7.1 7.2 @b from 10", _rig.Said());
    }

    [Fact]
    [Trait("AC", "MoveOperator_OriginNodeRemovedAfterOriginStopped")]
    public void An_origin_that_left_after_it_confirmed_changes_nothing()
    {
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Leaves(A);
        Assert.Equal("Scheduling 7.2 @b", Of(_task));
    }

    [Fact]
    public void An_origin_that_left_with_a_remove_under_way_is_not_believed_to_have_it_still()
    {
        Owner removed = _task.Owner;
        _rig.Leaves(B);
        _rig.Leaves(A);
        Assert.Equal("Absent", Of(_task));
        Assert.NotEqual(removed, _task.Owner);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("AC", "MoveOperator_BothNodesRemovedBeforeStartDoesNotLeaveSchedulingWithoutNodeID")]
    [Trait("AC", "MoveOperator_DestThenOriginRemovedAbortsToAbsent")]
    public void Both_nodes_lost_in_any_order_leave_it_absent(bool destinationFirst)
    {
        _rig.Leaves(destinationFirst ? B : A);
        _rig.Leaves(destinationFirst ? A : B);
        Assert.Equal("Absent", Of(_task));
        Assert.Equal(0, _rig.Schedule.Operations.Count);
    }

    [Fact]
    [Trait("AC", "MoveOperator_TaskRemovedByDDL")]
    [Trait("AC", "Controller_RemoveReplicaSet_ReplacesRemoveOperatorOnTaskRemoved")]
    public void A_table_dropped_while_its_origin_is_removed_keeps_that_remove_and_leaves_the_schedule()
    {
        _rig.Drops(1);
        Assert.Empty(_rig.Schedule.OfTable(Table(1)));
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Says(A, _task.Id, new Owner(7, 1), ComponentState.Stopped, 15);
        Assert.Equal(0, _rig.Schedule.Removals.Count);
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void A_table_dropped_while_it_is_made_at_the_destination_is_removed_there()
    {
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Drops(1);
        Assert.Equal("remove d7.1 7.2 @b", _rig.Said());
    }

    [Fact]
    [Trait("AC", "StoppedWhenMoving")]
    public void A_destination_that_stopped_leaves_it_absent()
    {
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Says(B, _task, ComponentState.Stopped, 15);
        Assert.Equal("Absent", Of(_task));
    }

    [Fact]
    public void The_checkpoint_counts_while_it_moves()
    {
        _rig.RunTrigger(C, 100);
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Beats(A, 9, null, false);
        Assert.Equal(Ts(15), _rig.Calculator.Calculate(null));
    }
}
