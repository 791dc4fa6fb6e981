using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>Block events that change the schedule: when, once, and in which order.</summary>
public sealed class ScheduleOrderTests
{
    readonly BarrierRig _rig = new();

    static BlockPayload Adds(long table) => Tables(0) with { Added = [NewTable(table)] };

    [Fact]
    [Trait("AC", "B12")]
    public void An_event_that_stops_nobody_else_is_scheduled_acknowledged_and_not_kept()
    {
        Assert.Equal(["n1: ack 10 t"], _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger));
        Assert.Equal(["add 5 at 10"], _rig.Schedule.Changes);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void A_late_repeat_does_not_bring_back_what_a_later_event_has_dropped()
    {
        _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger);
        SpanTask five = _rig.Schedule.OfTable(new TableId(5))[0];
        _rig.Schedule.Run(five, "n2");
        BlockPayload drop = Tables(0, 5) with { Dropped = Those(5) };
        _rig.Waiting(Ddl(20), drop, five);
        Assert.Equal(["n1: ack 10 t"], _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger));
        _rig.Waiting(Ddl(20), drop, _rig.Trigger);
        _rig.Done(Ddl(20), BlockAction.Write, _rig.Trigger);
        _rig.Tick();
        Assert.Equal(["n1: ack 10 t"], _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger));
        Assert.Equal(["add 5 at 10", "drop 5"], _rig.Schedule.Changes);
    }

    [Fact]
    public void A_late_repeat_is_known_also_while_its_reporter_is_not_known_to_be_beyond()
    {
        _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger);
        SpanTask five = _rig.Schedule.OfTable(new TableId(5))[0], six = _rig.Table(6);
        _rig.Schedule.Run(five, "n1");
        _rig.Tick();
        _rig.Waiting(Ddl(20), Tables(5, 6) with { Dropped = Those(5) }, five, six);
        _rig.Done(Ddl(20), BlockAction.Write, six);
        Assert.Equal(["n1: ack 10 t"], _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger));
        Assert.Equal(["add 5 at 10", "drop 5"], _rig.Schedule.Changes);
    }

    [Fact]
    public void An_earlier_one_that_becomes_known_after_the_write_still_comes_first()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), three = _rig.Table(3);
        _rig.Waiting(Ddl(20), Tables(0, 3) with { Added = [NewTable(9)] }, three, _rig.Trigger);
        BlockPayload first = Tables(1, 2) with { Added = [NewTable(8)] };
        _rig.Waiting(Ddl(10), first, one);
        _rig.Done(Ddl(20), BlockAction.Write, _rig.Trigger);
        Assert.Empty(_rig.Schedule.Changes);
        _rig.Waiting(Ddl(10), first, two);
        _rig.Done(Ddl(10), BlockAction.Write, two);
        Assert.Contains("write 20 t", Assert.Single(_rig.Tick(1)), StringComparison.Ordinal);
        _rig.Done(Ddl(20), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["add 8 at 10", "add 9 at 20"], _rig.Schedule.Changes);
    }

    [Fact]
    public void Two_that_come_in_the_wrong_order_are_both_scheduled()
    {
        _rig.Scheduled(Ddl(12), Adds(6), _rig.Trigger);
        _rig.Tick();
        _rig.Scheduled(Ddl(10), Adds(5), _rig.Trigger);
        Assert.Equal(["add 6 at 12", "add 5 at 10"], _rig.Schedule.Changes);
    }

    [Fact]
    [Trait("AC", "E1")]
    public void Drops_come_before_adds()
    {
        SpanTask one = _rig.Table(1);
        BlockPayload truncate = Tables(0, 1) with { Dropped = Those(1), Added = [NewTable(2)] };
        _rig.Waiting(Ddl(10), truncate, one, _rig.Trigger);
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["drop 1", "add 2 at 10"], _rig.Schedule.Changes);
        Assert.Single(_rig.Schedule.All);
    }

    [Fact]
    [Trait("AC", "E7")]
    public void It_is_done_once_however_often_the_writer_says_so()
    {
        SpanTask one = _rig.Table(1);
        BlockPayload adds = Tables(0, 1) with { Added = [NewTable(5)] };
        _rig.Waiting(Ddl(10), adds, one, _rig.Trigger);
        for (int i = 0; i < 3; i++) _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["add 5 at 10"], _rig.Schedule.Changes);
    }

    [Fact]
    [Trait("AC", "B18")]
    [Trait("AC", "E7")]
    public void An_event_that_stops_all_waits_for_an_earlier_one_that_changes_the_schedule()
    {
        SpanTask one = _rig.Table(1), other = _rig.Table(2);
        BlockPayload truncate = Tables(0, 1) with { Dropped = Those(1), Added = [NewTable(3)] };
        _rig.Waiting(Ddl(10), truncate, one, _rig.Trigger);
        // The trigger has executed it, the report of that is lost, and all that is left stand at a syncpoint.
        Assert.Equal(["n1: ack 20s t d2 d1"], _rig.Waiting(Syncpoint(20), All, _rig.Trigger, other, one));
        Assert.Equal(Ddl(10), _rig.Barrier.WaitingFor(_rig.Now)[1].Behind);
        Assert.Empty(_rig.Schedule.Changes);
        Assert.Empty(_rig.Ticks(3));
        Assert.Equal(["drop 1", "add 3 at 10"], _rig.Schedule.Changes);
        SpanTask three = _rig.Schedule.OfTable(new TableId(3))[0];
        _rig.Schedule.Run(three, "n2");
        Assert.Equal(["n2: ack 20s d3", "n1: write 20s t"],
            _rig.Waiting(Syncpoint(20), All, three));
    }

    [Fact]
    public void Of_two_that_change_the_schedule_the_later_is_not_written_before_the_earlier_is_in_it()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        BlockPayload first = Tables(0, 1) with { Added = [NewTable(8)] };
        BlockPayload second = Tables(0, 2) with { Added = [NewTable(9)] };
        _rig.Waiting(Ddl(10), first, one, _rig.Trigger);
        Assert.Equal(["n1: ack 20 d2 t"], _rig.Waiting(Ddl(20), second, two, _rig.Trigger));
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Contains("n1: pass 10 d1, write 20 t", _rig.Tick());
        _rig.Done(Ddl(20), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["add 8 at 10", "add 9 at 20"], _rig.Schedule.Changes);
    }

    [Fact]
    public void What_was_executed_alone_is_not_scheduled_before_an_earlier_event_is()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1) with { Added = [NewTable(8)] }, one, _rig.Trigger);
        Assert.Empty(_rig.Scheduled(Ddl(20), Adds(9), _rig.Trigger));
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n1: ack 20 t"], _rig.Scheduled(Ddl(20), Adds(9), _rig.Trigger));
        Assert.Equal(["add 8 at 10", "add 9 at 20"], _rig.Schedule.Changes);
    }

    [Fact]
    public void A_table_that_an_earlier_event_has_still_to_add_is_waited_for()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1) with { Added = [NewTable(9)] }, one, _rig.Trigger);
        Assert.Equal(["n1: ack 20 t"], _rig.Waiting(Ddl(20), Tables(0, 9), _rig.Trigger));
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        _rig.Ticks(2);
        SpanTask nine = _rig.Schedule.OfTable(new TableId(9))[0];
        _rig.Schedule.Run(nine, "n1");
        Assert.Equal(["n1: ack 20 d9, write 20 t"], _rig.Waiting(Ddl(20), Tables(0, 9), nine));
    }

    [Fact]
    public void A_table_that_is_not_known_is_covered_only_when_the_trigger_has_come_so_far()
    {
        SpanTask one = _rig.Table(1);
        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), Tables(1, 7), one));
        Assert.Equal([new TableId(7)], _rig.Barrier.WaitingFor(_rig.Now)[0].UnknownTables);
        _rig.Schedule.Raise(_rig.Trigger, At(9));
        Assert.Empty(_rig.Ticks(1));
        _rig.Schedule.Raise(_rig.Trigger, At(10).Previous);
        Assert.Equal(["n1: write 10 d1"], _rig.Ticks(1));
    }

    [Fact]
    public void An_earlier_event_does_not_wait_for_a_later_one()
    {
        SpanTask one = _rig.Table(1), late = _rig.Table(2);
        _rig.Waiting(Ddl(20), Tables(0, 2) with { Added = [NewTable(9)] }, late);
        Assert.Equal(["n1: ack 10s d1 t, write 10s t"], _rig.Waiting(Syncpoint(10), All, one, _rig.Trigger));
    }

    [Fact]
    public void The_checkpoint_is_held_while_an_event_has_tables_to_add()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        Assert.Null(_rig.Barrier.MinAddingCheckpoint);
        _rig.Waiting(Ddl(5), Tables(0, 2), two);
        _rig.Waiting(Ddl(20), Tables(0, 1) with { Added = [NewTable(8)] }, one);
        Assert.Equal(At(20), _rig.Barrier.MinAddingCheckpoint);
        _rig.Waiting(Ddl(20), Tables(0, 1), _rig.Trigger);
        _rig.Tick(1);
        _rig.Done(Ddl(20), BlockAction.Write, _rig.Trigger);
        Assert.Null(_rig.Barrier.MinAddingCheckpoint);
    }

    [Fact]
    public void An_old_event_that_comes_again_behind_the_triggers_back_changes_nothing_in_the_schedule()
    {
        SpanTask one = _rig.Table(1);
        _rig.Schedule.Raise(_rig.Trigger, At(20));
        BlockPayload old = Tables(0, 1) with { Added = [NewTable(5)] };
        Assert.Equal(["n1: ack 10 d1, write 10 d1"], _rig.Waiting(Ddl(10), old, one));
        Assert.Null(_rig.Barrier.MinAddingCheckpoint);
        _rig.Done(Ddl(10), BlockAction.Write, one);
        Assert.Empty(_rig.Schedule.Changes);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void A_heartbeat_of_the_writer_makes_good_a_done_that_is_lost()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1) with { Added = [NewTable(5)] }, one, _rig.Trigger);
        _rig.Schedule.Raise(_rig.Trigger, At(10).Previous);
        Assert.Equal(["n1: write 10 t"], _rig.Tick(1));
        Assert.Equal(At(10), _rig.Barrier.MinAddingCheckpoint);
        _rig.Schedule.Raise(_rig.Trigger, At(15));
        Assert.Equal(["n1: pass 10 d1"], _rig.Tick(1));
        Assert.Equal(["add 5 at 10"], _rig.Schedule.Changes);
        Assert.Null(_rig.Barrier.MinAddingCheckpoint);
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["add 5 at 10"], _rig.Schedule.Changes);
    }

    [Fact]
    public void An_event_that_nobody_stands_at_any_more_is_gone_and_the_schedule_follows_the_trigger()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1) with { Added = [NewTable(5)] }, one, _rig.Trigger);
        _rig.Schedule.Raise(_rig.Trigger, At(15));
        _rig.Moved(_rig.Trigger, "n2");
        _rig.Schedule.Remove(one);
        Assert.Empty(_rig.Ticks(2));
        Assert.Equal(["add 5 at 10"], _rig.Schedule.Changes);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }
}
