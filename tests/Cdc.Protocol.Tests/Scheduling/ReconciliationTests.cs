using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class ReconciliationTests
{
    readonly ScheduleRig _rig = new();

    [Fact]
    public void A_dispatcher_that_nobody_knows_is_removed_until_it_is_gone()
    {
        DispatcherId stranger = new(new Epoch(3), 5);
        _rig.Says(A, stranger, new Owner(3, 8), ComponentState.Working, 10);
        Assert.Equal("remove d3.5 3.8 @a", _rig.Said());
        _rig.Says(A, stranger, new Owner(3, 8), ComponentState.Working, 11);
        Assert.Equal("", _rig.Said());
        _rig.Pass(1);
        Assert.Equal("remove d3.5 3.8 @a", _rig.Said());
        _rig.Says(A, stranger, new Owner(3, 8), ComponentState.Stopped, 11);
        _rig.Pass(1);
        Assert.Equal("", _rig.Said());
    }

    [Theory]
    [InlineData(ComponentState.Stopped)]
    [InlineData(ComponentState.Stopping)]
    [InlineData(ComponentState.WaitingMerge)]
    public void One_that_is_on_its_way_out_is_left_alone(ComponentState state)
    {
        _rig.Says(A, new(new Epoch(3), 5), new Owner(3, 8), state, 10);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void The_same_span_on_another_node_is_removed_there_and_its_reports_do_not_count()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Said();
        _rig.Says(B, task, ComponentState.Working, 99);
        Assert.Equal("remove d7.1 7.1 @b", _rig.Said());
        Assert.Equal("Replicating 7.1 @a", Of(task));
        Assert.Equal(Ts(10), task.Checkpoint);
    }

    [Fact]
    public void An_older_incarnation_on_the_same_node_is_removed_and_the_present_one_stays()
    {
        SpanTask task = _rig.Running(1, A);
        Owner old = task.Owner;
        _rig.Says(A, task, ComponentState.Stopped, 10);
        _rig.Schedule.Add(task, A, _rig.Now);
        _rig.Said();
        _rig.Says(A, task.Id, old, ComponentState.Stopped, 10);
        _rig.Says(A, task.Id, old, ComponentState.Working, 99);
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, task, ComponentState.Working, 11);
        Assert.Equal("Replicating 7.2 @a", Of(task));
    }

    [Fact]
    public void A_span_that_ended_by_itself_is_absent_and_its_node_is_told_to_let_go_of_it()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Said();
        Owner owner = task.Owner;
        _rig.Says(A, task, ComponentState.Stopped, 12);
        Assert.Equal("Absent", Of(task));
        Assert.Equal(Ts(12), task.Checkpoint);
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Beats(A, 1, 12, true, new SpanStatus(task.Id, owner, ComponentState.Stopped, Ts(12), null, null));
        _rig.Pass(1);
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, task.Id, owner, ComponentState.Stopped, 12);
        _rig.Pass(1);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void One_that_has_ended_and_is_still_listed_is_removed()
    {
        SpanStatus kept = new(new(new Epoch(3), 5), new Owner(3, 8), ComponentState.Stopped, Ts(12), null, null);
        _rig.Beats(A, 1, 12, false, kept);
        Assert.Equal("", _rig.Said());
        _rig.Beats(A, 1, 12, true, kept);
        Assert.Equal("remove d3.5 3.8 @a", _rig.Said());
        _rig.Beats(A, 1, 12, true);
        _rig.Pass(1);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void A_span_that_a_complete_heartbeat_lacks_is_absent_and_the_others_stay()
    {
        SpanTask lost = _rig.Running(1, A), kept = _rig.Running(2, A), elsewhere = _rig.Running(3, B);
        _rig.SaysAll(A, kept);
        Assert.Equal("Absent", Of(lost));
        Assert.Equal(["Replicating 7.2 @a", "Replicating 7.3 @b"], new[] { kept, elsewhere }.Select(Of));
    }

    [Fact]
    public void A_heartbeat_that_is_not_complete_proves_nothing_by_leaving_out()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Beats(A, 1, 10, isComplete: false);
        Assert.Equal("Replicating 7.1 @a", Of(task));
    }

    [Fact]
    public void A_complete_heartbeat_of_an_earlier_set_of_dispatchers_proves_nothing()
    {
        SpanTask first = _rig.Running(1, A), second = _rig.Running(2, A);
        _rig.Beats(A, 1, 10, isComplete: true, Working(first));
        Assert.Equal("Replicating 7.2 @a", Of(second));
    }

    [Fact]
    public void What_an_earlier_set_of_dispatchers_says_to_work_does_not_count()
    {
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Add(task, A, _rig.Now);
        _rig.Beats(A, 5, 10, isComplete: false);
        _rig.Beats(A, 4, 10, isComplete: false, Working(task));
        Assert.Equal("Scheduling 7.1 @a", Of(task));
        _rig.Beats(A, 5, 10, isComplete: true, Working(task));
        Assert.Equal("Replicating 7.1 @a", Of(task));
    }

    [Fact]
    [Trait("AC", "RemoveOperator_NodeRemovedBeforeStopped")]
    public void A_removal_ends_when_its_node_leaves()
    {
        _rig.Says(A, new(new Epoch(3), 5), new Owner(3, 8), ComponentState.Working, 10);
        _rig.Leaves(A);
        Assert.Equal("", _rig.Said());
        Assert.Equal(0, _rig.Schedule.Removals.Count);
    }

    [Fact]
    public void A_removal_ends_when_a_complete_heartbeat_lacks_it()
    {
        _rig.Says(A, new(new Epoch(3), 5), new Owner(3, 8), ComponentState.Working, 10);
        _rig.SaysAll(A);
        Assert.Equal("", _rig.Said());
    }

    [Theory]
    [InlineData(ComponentState.Working)]
    [InlineData(ComponentState.Stopping)]
    [InlineData(ComponentState.WaitingMerge)]
    [Trait("AC", "RemoveOperator_NotFinishedOnWaitingMerge")]
    [Trait("AC", "RemoveOperator_FinishedOnRemovedStatus")]
    public void A_removal_goes_on_until_it_is_stopped(ComponentState state)
    {
        _rig.Running(1, A);
        _rig.Drops(1);
        _rig.Said();
        _rig.Says(A, new(new Epoch(7), 1), new Owner(7, 1), state, 10);
        _rig.Pass(1);
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, new(new Epoch(7), 1), new Owner(7, 1), ComponentState.Stopped, 10);
        _rig.Pass(1);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    [Trait("AC", "MarkSpanAbsent")]
    [Trait("AC", "RemoveOperator_SnapshotNodeIDAfterMarkAbsent")]
    public void A_node_that_left_has_its_spans_absent_with_what_is_known_of_them()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Schedule.Raise(task, Ts(40));
        _rig.Leaves(A);
        Assert.Equal("Absent", Of(task));
        Assert.Equal(Ts(40), task.Checkpoint);
        _rig.Says(A, task, ComponentState.Working, 50);
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
    }

    [Fact]
    public void A_span_that_is_held_says_so_and_is_let_go_when_it_goes_on()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Beats(A, 1, 10, false, Working(task) with { Held = FaultKind.Transient });
        Assert.Equal(FaultKind.Transient, task.Held);
        _rig.Pass(60);
        Assert.Empty(_rig.Schedule.Held.Since(_rig.Now - TimeSpan.FromSeconds(61)));
        Assert.Equal([Table(1)], _rig.Schedule.Held.Since(_rig.Now - TimeSpan.FromSeconds(60)));
        _rig.Beats(A, 1, 11, false, Working(task));
        Assert.Null(task.Held);
        Assert.Empty(_rig.Schedule.Held.Since(_rig.Now));
    }

    [Fact]
    public void A_span_that_does_not_get_as_far_as_working_is_held_too_until_it_is_absent()
    {
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Add(task, A, _rig.Now);
        SpanStatus claiming = Working(task) with { State = ComponentState.Initializing, Held = FaultKind.Transient };
        _rig.Beats(A, 1, 10, false, claiming);
        Assert.Equal([Table(1)], _rig.Schedule.Held.Since(_rig.Now));
        Assert.Equal(FaultKind.Transient, task.Held);
        _rig.Leaves(A);
        Assert.Empty(_rig.Schedule.Held.Since(_rig.Now));
        Assert.Null(task.Held);
    }

    [Fact]
    public void A_span_that_others_have_replaced_is_no_longer_held()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Beats(A, 1, 10, false, Working(task) with { Held = FaultKind.Transient });
        _rig.Schedule.Reshaping.Split(Table(1), 2, _rig.Now);
        _rig.Says(A, task, ComponentState.Stopped, 10);
        Assert.Empty(_rig.Schedule.Held.Since(_rig.Now));
    }
}
