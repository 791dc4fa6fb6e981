using Cdc.Protocol.Barriers;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>What becomes of an open event when another maintainer takes over.</summary>
public sealed class TakeoverTests
{
    static readonly BlockPayload Alter = Tables(1, 2);
    static readonly BlockPayload Adds = Tables(0, 1, 2) with { Added = [NewTable(9)] };
    readonly BarrierRig _rig = new();

    [Fact]
    [Trait("AC", "B14")]
    public void The_maintainer_died_before_the_write_and_the_next_one_collects_and_writes()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2");
        _rig.TakeOver(Snapshot(one, Ddl(10), BlockStage.Waiting, Alter));
        Assert.Empty(_rig.Ticks(1));
        Assert.Equal(At(10).Previous, one.Checkpoint);
        _rig.TakeOver(
            Snapshot(one, Ddl(10), BlockStage.Waiting, Alter), Snapshot(two, Ddl(10), BlockStage.Waiting, Alter));
        Assert.Equal(["n2: write 10 d2"], _rig.Tick());
        Assert.Equal(BarrierPhase.Writing, _rig.Barrier.WaitingFor(_rig.Now)[0].Phase);
    }

    [Fact]
    [Trait("AC", "B14")]
    public void The_maintainer_died_after_the_write_and_the_next_one_asks_the_one_that_writes()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2");
        _rig.TakeOver(
            Snapshot(one, Ddl(10), BlockStage.Writing, Alter), Snapshot(two, Ddl(10), BlockStage.Waiting, Alter));
        Assert.Equal(["n1: write 10 d1"], _rig.Tick());
        // All that it stops has been seen, and it is not gone for that: the one that waits still has to pass.
        Assert.Equal(["n1: write 10 d1"], _rig.Tick(1));
        _rig.Done(Ddl(10), BlockAction.Write, one);
        Assert.Equal(["n2: pass 10 d2"], _rig.Tick());
        _rig.Done(Ddl(10), BlockAction.Pass, two);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void The_maintainer_died_after_the_execution_and_the_next_one_asks_one_that_waits_before_anybody_passes()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2"), three = _rig.Table(3, "n3");
        BlockPayload alter = Tables(1, 2, 3);
        _rig.Schedule.Raise(one, At(10));
        _rig.TakeOver(
            Snapshot(two, Ddl(10), BlockStage.Waiting, alter), Snapshot(three, Ddl(10), BlockStage.Waiting, alter));
        Assert.Equal(["n3: write 10 d3"], _rig.Tick());
        _rig.Done(Ddl(10), BlockAction.Write, three);
        Assert.Equal(["n2: pass 10 d2"], _rig.Tick());
    }

    [Fact]
    public void The_writers_node_died_after_the_execution_and_its_span_comes_back_beyond_the_event()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2");
        _rig.Waiting(Ddl(10), Alter, two, one);
        one.State = TaskState.Absent;
        Assert.Empty(_rig.Ticks(1));
        _rig.Moved(one, "n3");
        Assert.Empty(_rig.Ticks(1));
        _rig.Schedule.Raise(one, At(12));
        Assert.Equal(["n2: write 10 d2"], _rig.Ticks(1));
        _rig.Done(Ddl(10), BlockAction.Write, two);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void The_trigger_was_going_while_it_wrote_and_what_the_event_adds_is_not_forgotten_when_it_is_beyond()
    {
        SpanTask one = _rig.Table(1);
        _rig.Trigger.State = TaskState.Scheduling;
        BlockPayload adds = Tables(0, 1) with { Added = [NewTable(9)] };
        _rig.TakeOver(Snapshot(_rig.Trigger, Ddl(10), BlockStage.Writing, adds));
        Assert.Empty(_rig.Ticks(1));
        _rig.Schedule.Raise(_rig.Trigger, At(10));
        _rig.Moved(_rig.Trigger, "n3");
        Assert.Equal(At(10), _rig.Barrier.MinAddingCheckpoint);
        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), adds, one));
        // Its sink answers that it is recorded.
        Assert.Equal(["n1: write 10 d1"], _rig.Ticks(1));
        _rig.Done(Ddl(10), BlockAction.Write, one);
        Assert.NotEmpty(_rig.Schedule.OfTable(new(9)));
        Assert.Null(_rig.Barrier.MinAddingCheckpoint);
    }

    [Fact]
    public void The_triggers_node_died_with_the_maintainer_and_the_new_trigger_comes_to_the_event_again()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2");
        _rig.Moved(_rig.Trigger, "n3");
        _rig.TakeOver(
            Snapshot(one, Ddl(10), BlockStage.Waiting, Adds), Snapshot(two, Ddl(10), BlockStage.Waiting, Adds));
        Assert.Empty(_rig.Ticks(3));
        Assert.Equal(At(10), _rig.Barrier.MinAddingCheckpoint);
        Assert.Equal(["n3: ack 10 t, write 10 t"], _rig.Waiting(Ddl(10), Adds, _rig.Trigger));
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["add 9 at 10"], _rig.Schedule.Changes);
        Assert.Equal(["n1: pass 10 d1", "n2: pass 10 d2"], _rig.Tick());
    }

    [Fact]
    public void The_trigger_is_beyond_so_the_new_schedule_has_the_events_changes_already()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2");
        _rig.Schedule.Raise(_rig.Trigger, At(10));
        _rig.TakeOver(
            Snapshot(one, Ddl(10), BlockStage.Waiting, Adds), Snapshot(two, Ddl(10), BlockStage.Waiting, Adds));
        Assert.Equal(["n2: write 10 d2"], _rig.Tick());
        _rig.Done(Ddl(10), BlockAction.Write, two);
        Assert.Empty(_rig.Schedule.Changes);
        Assert.Equal(["n1: pass 10 d1"], _rig.Tick());
    }

    [Fact]
    public void What_a_snapshot_says_of_another_incarnation_mode_or_of_nothing_that_blocks_is_left_out()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), three = _rig.Table(3);
        SpanSnapshot old = Snapshot(one, Ddl(10), BlockStage.Waiting, Alter);
        SpanSnapshot redo = Snapshot(two, Ddl(10), BlockStage.Waiting, Alter) with { Mode = Mode.Redo };
        SpanSnapshot scheduled = Snapshot(two, Ddl(10), BlockStage.Scheduled, Alter);
        _rig.Moved(one, "n2");
        three.State = TaskState.Scheduling;
        _rig.TakeOver(old, redo, scheduled, scheduled with { Block = null },
            Snapshot(three, Ddl(10), BlockStage.Waiting, Alter));
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void What_is_said_to_or_by_another_maintainer_or_mode_is_not_heard()
    {
        BarrierRig redo = new(mode: Mode.Redo);
        SpanTask one = redo.Table(1);
        Assert.Equal(["n1: ack 10 d1 t, write 10 t"], redo.Waiting(Ddl(10), Tables(0, 1), one, redo.Trigger));
        BlockStatus status = Status(one, Ddl(20), BlockStage.Waiting, null, Tables(1));
        Cdc.Protocol.Driving.Effects effects = new();
        redo.Barrier.OnStatuses(
            one.Node, new BlockStatusRequest(new Epoch(1), Mode.Event, [status]), redo.Now, effects);
        redo.Barrier.OnStatuses(
            one.Node, new BlockStatusRequest(new Epoch(2), Mode.Redo, [status]), redo.Now, effects);
        Assert.Empty(effects.Items);
        Assert.Equal(1, redo.Barrier.OpenCount);
    }
}
