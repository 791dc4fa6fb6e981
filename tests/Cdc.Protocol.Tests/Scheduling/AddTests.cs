using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class AddTests
{
    readonly ScheduleRig _rig = new();

    [Fact]
    [Trait("AC", "AddOperator_DestReportsWorking")]
    public void A_span_is_replicating_once_its_node_says_that_it_works()
    {
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Add(task, A, _rig.Now);
        Assert.Equal("create d7.1 7.1 @a from 10", _rig.Said());
        _rig.Says(A, task, ComponentState.Initializing, 10);
        Assert.Equal("Scheduling 7.1 @a", Of(task));
        _rig.Says(A, task, ComponentState.Working, 12);
        Assert.Equal("Replicating 7.1 @a", Of(task));
        Assert.Equal(Ts(12), task.Checkpoint);
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void A_create_is_repeated_each_second_as_it_was_until_it_is_done()
    {
        _rig.Schedule.Add(_rig.Absent(1), A, _rig.Now);
        Assert.Equal("create d7.1 7.1 @a from 10", _rig.Said());
        _rig.Pass(0.9);
        Assert.Equal("", _rig.Said());
        _rig.Pass(0.1);
        Assert.Equal("create d7.1 7.1 @a from 10", _rig.Said());
    }

    [Fact]
    [Trait("AC", "AddOperator_DestReportsRemoved")]
    [Trait("AC", "AddOperator_StoppedStatusIgnored")]
    public void A_span_whose_incarnation_stopped_is_absent_and_that_of_an_earlier_one_says_nothing()
    {
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Add(task, A, _rig.Now);
        Owner first = task.Owner;
        _rig.Says(A, task, ComponentState.Stopped, 10);
        Assert.Equal("Absent", Of(task));
        _rig.Schedule.Add(task, A, _rig.Now);
        _rig.Says(A, task.Id, first, ComponentState.Stopped, 10);
        Assert.Equal("Scheduling 7.2 @a", Of(task));
    }

    [Fact]
    [Trait("AC", "AddOperator_DestNodeRemoved")]
    public void A_span_whose_node_left_is_absent_and_nothing_more_is_said_to_it()
    {
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Add(task, A, _rig.Now);
        _rig.Leaves(B);
        Assert.Equal("Scheduling 7.1 @a", Of(task));
        _rig.Leaves(A);
        Assert.Equal("Absent", Of(task));
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    [Trait("AC", "AddOperator_TaskRemovedDoesNotReintroduceSpan")]
    public void A_dropped_table_is_gone_at_once_and_what_was_being_made_of_it_is_removed()
    {
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Add(task, A, _rig.Now);
        _rig.Said();
        _rig.Drops(1);
        Assert.Empty(_rig.Schedule.OfTable(Table(1)));
        Assert.Null(_rig.Schedule.Find(task.Id));
        Assert.Equal("remove d7.1 7.1 @a", _rig.Said());
        _rig.Says(A, task.Id, new Owner(7, 1), ComponentState.Working, 10);
        Assert.Null(_rig.Schedule.Find(task.Id));
        _rig.Says(A, task.Id, new Owner(7, 1), ComponentState.Stopped, 10);
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    [Trait("AC", "SpanReplication_NewAddDispatcherMessage_ClampToCommittedCheckpoint")]
    [Trait("AC", "Controller_BindCommittedCheckpointToManagedSpan")]
    public void A_span_starts_at_the_larger_of_its_checkpoint_and_the_committed_one()
    {
        SpanTask behind = _rig.Absent(1, at: 10), ahead = _rig.Absent(2, at: 90);
        _rig.Committed.Raise(Ts(50));
        _rig.Schedule.Add(behind, A, _rig.Now);
        _rig.Schedule.Add(ahead, A, _rig.Now);
        Assert.Equal("create d7.1 7.1 @a from 50; create d7.2 7.2 @a from 90", _rig.Said());
    }

    [Fact]
    [Trait("AC", "SpanReplication_NewAddDispatcherMessage_UseBlockTsMinusOneForDDLInFlight")]
    public void A_span_that_reported_waiting_starts_again_just_before_the_event()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Schedule.Raise(task, new CommitTs(40, 1).Previous);
        _rig.Leaves(A);
        _rig.Schedule.Add(task, B, _rig.Now);
        ScheduleItem item = Assert.Single(((ScheduleRequest)_rig.Sends()[0].Message).Items);
        Assert.Equal(new CommitTs(40, 0), item.Start);
    }
}
