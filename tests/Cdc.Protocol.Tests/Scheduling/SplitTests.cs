using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class SplitTests
{
    readonly ScheduleRig _rig = new();
    readonly SpanTask _task;

    public SplitTests()
    {
        _task = _rig.Running(1, A);
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(10));
        _rig.Said();
        Assert.True(_rig.Schedule.Reshaping.Split(Table(1), 3, _rig.Now));
    }

    IReadOnlyList<SpanTask> Spans => _rig.Schedule.OfTable(Table(1));

    [Fact]
    [Trait("AC", "SplitOperator_SuccessfulSplitCreatesAbsentSpans")]
    [Trait("AC", "ReplaceReplicaSet")]
    public void The_new_spans_take_its_place_when_it_has_stopped_and_start_where_it_ended()
    {
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, _task, ComponentState.Working, 14);
        Assert.Same(_task, Assert.Single(Spans));
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        Assert.Equal(3, Spans.Count);
        Assert.All(Spans, static span => Assert.Equal("Absent", Of(span)));
        Assert.All(Spans, static span => Assert.Equal(Ts(15), span.Checkpoint));
        Assert.Equal([0UL, 0x55555555UL, 0xAAAAAAAAUL], Spans.Select(static span => (ulong)span.Span.From));
        Assert.Null(_rig.Schedule.Find(_task.Id));
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    [Trait("AC", "SplitOperator_OriginNodeRemovedBeforeStopped")]
    public void A_span_whose_node_left_is_cut_at_what_is_known_of_it()
    {
        _rig.Leaves(A);
        Assert.Equal(3, Spans.Count);
        Assert.All(Spans, static span => Assert.Equal(Ts(10), span.Checkpoint));
    }

    [Fact]
    [Trait("AC", "SplitOperator_OriginNodeRemovedAfterStopped")]
    public void A_node_that_left_after_it_stopped_changes_nothing()
    {
        _rig.Says(A, _task, ComponentState.Stopped, 15);
        _rig.Leaves(A);
        Assert.Equal(3, Spans.Count);
    }

    [Fact]
    [Trait("AC", "SplitOperator_TaskRemovedByDDLDoesNotSplit")]
    public void A_table_dropped_meanwhile_is_not_split()
    {
        _rig.Drops(1);
        _rig.Says(A, _task.Id, new Owner(7, 1), ComponentState.Stopped, 15);
        Assert.Empty(Spans);
        Assert.Empty(_rig.Schedule.All);
    }

    [Fact]
    public void A_table_that_begins_ahead_of_the_trigger_is_not_split_before_the_trigger_is_there()
    {
        SpanTask task = _rig.Running(2, A, at: 20);
        Assert.False(_rig.Schedule.Reshaping.Split(Table(2), 3, _rig.Now));
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(19));
        Assert.False(_rig.Schedule.Reshaping.Split(Table(2), 3, _rig.Now));
        _rig.Says(A, task, ComponentState.Working, 30);
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(20));
        Assert.True(_rig.Schedule.Reshaping.Split(Table(2), 3, _rig.Now));
    }

    [Fact]
    public void A_table_that_may_not_be_split_or_is_not_in_one_running_span_is_left_alone()
    {
        _rig.Absent(2, isSplittable: false);
        _rig.Absent(3);
        Assert.False(_rig.Schedule.Reshaping.Split(Table(2), 3, _rig.Now));
        Assert.False(_rig.Schedule.Reshaping.Split(Table(3), 3, _rig.Now));
        Assert.False(_rig.Schedule.Reshaping.Split(Table(1), 3, _rig.Now));
        Assert.False(_rig.Schedule.Reshaping.Split(Table(9), 3, _rig.Now));
        SpanTask running = _rig.Running(4, A);
        Assert.False(_rig.Schedule.Reshaping.Split(Table(4), 1, _rig.Now));
        Assert.Null(running.Operation);
    }
}
