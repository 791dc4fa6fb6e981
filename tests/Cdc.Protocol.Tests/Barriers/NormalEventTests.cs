using Cdc.Protocol.Barriers;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>Block events that stop named tables.</summary>
public sealed class NormalEventTests
{
    readonly BarrierRig _rig = new();

    [Fact]
    [Trait("AC", "B2")]
    public void The_last_that_reports_writes_where_the_trigger_is_not_stopped_and_then_the_others_pass()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), three = _rig.Table(3, "n2");
        BlockPayload payload = Tables(1, 2, 3);
        Assert.Equal(["n1: ack 10 d1 d2"], _rig.Waiting(Ddl(10), payload, one, two));
        Assert.Equal(["n2: ack 10 d3, write 10 d3"], _rig.Waiting(Ddl(10), payload, three));

        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), payload, one));
        Assert.Equal(["n2: write 10 d3"], _rig.Tick(1));

        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Write, three));
        Assert.Equal(["n1: pass 10 d1 d2"], _rig.Tick());
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Pass, one));
        Assert.Equal(1, _rig.Barrier.OpenCount);
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Pass, two));
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.Empty(_rig.Ticks(20));
    }

    [Fact]
    [Trait("AC", "B3")]
    public void The_trigger_writes_where_it_is_stopped_and_a_dropped_table_need_not_be_done()
    {
        SpanTask one = _rig.Table(1, "n2");
        BlockPayload drop = Tables(0, 1) with { Dropped = Those(1) };
        Assert.Equal(["n1: ack 10 t"], _rig.Waiting(Ddl(10), drop, _rig.Trigger));
        Assert.Equal(["n2: ack 10 d1", "n1: write 10 t"], _rig.Waiting(Ddl(10), drop, one));
        Assert.Empty(_rig.Schedule.Changes);
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger));
        Assert.Equal(["drop 1"], _rig.Schedule.Changes);
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Pass, one));
    }

    [Fact]
    [Trait("AC", "B13")]
    public void A_report_says_that_all_before_the_event_is_durable()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1), one);
        Assert.Equal(new CommitTs(10, 0), one.Checkpoint);
        Assert.False(one.IsBeyond(At(10)));
        _rig.Done(Ddl(10), BlockAction.Pass, one);
        Assert.Equal(At(10), one.Checkpoint);
    }

    [Fact]
    [Trait("AC", "E2")]
    public void An_instruction_is_repeated_each_second_and_not_before()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one);
        Assert.Empty(_rig.Ticks(3));
        Assert.Equal(["n1: ack 10 d2, write 10 d2"], _rig.Waiting(Ddl(10), Tables(1, 2), two));
        Assert.Empty(_rig.Ticks(0.9));
        Assert.Equal(["n1: write 10 d2"], _rig.Ticks(0.1));
        Assert.Equal(3, _rig.Ticks(3).Length);
        _rig.Done(Ddl(10), BlockAction.Write, two);
        Assert.Equal(["n1: pass 10 d1"], _rig.Tick());
        Assert.Empty(_rig.Ticks(0.9));
        Assert.Equal(["n1: pass 10 d1"], _rig.Ticks(0.1));
    }

    [Fact]
    [Trait("AC", "E4")]
    public void Passing_named_tables_does_not_wait_for_quiet()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), three = _rig.Table(3);
        _rig.Waiting(Ddl(10), Tables(1, 2, 3), one, two, three);
        _rig.Done(Ddl(10), BlockAction.Write, three);
        Assert.Equal(["n1: pass 10 d1 d2"], _rig.Tick());
        _rig.Ticks(0.9);
        _rig.Done(Ddl(10), BlockAction.Pass, one);
        Assert.Equal(["n1: pass 10 d2"], _rig.Tick());
    }

    [Fact]
    [Trait("AC", "E6")]
    public void A_rename_takes_the_table_to_its_new_schema_when_it_is_written()
    {
        SpanTask one = _rig.Table(1);
        BlockPayload rename = Tables(0, 1) with { Moved = [new MovedTable(new TableId(1), "shop", "old")] };
        _rig.Waiting(Ddl(10), rename, one, _rig.Trigger);
        Assert.Equal("shop", one.Schema);
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal("old", one.Schema);
        Assert.Equal(["n1: pass 10 d1"], _rig.Tick());
    }

    [Fact]
    [Trait("AC", "R1")]
    public void A_table_that_is_named_twice_counts_once_and_one_that_is_not_named_does_not_count()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), other = _rig.Table(3);
        BlockPayload twice = Tables(1, 2, 1, 2);
        Assert.Equal(["n1: ack 10 d1 d3"], _rig.Waiting(Ddl(10), twice, one, other));
        Assert.Equal(["n1: ack 10 d2, write 10 d2"], _rig.Waiting(Ddl(10), twice, two));
    }

    [Fact]
    public void An_event_of_another_kind_at_the_same_place_is_another_event()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one);
        Assert.Equal(["n1: ack 10s d2"], _rig.Waiting(Syncpoint(10), Tables(1, 2), two));
        Assert.Equal(2, _rig.Barrier.OpenCount);
    }

    [Theory]
    [InlineData(true, BlockAction.Write)]
    [InlineData(false, BlockAction.Pass)]
    public void A_done_of_another_event_or_of_another_action_changes_nothing(bool isSyncPoint, BlockAction action)
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        BlockPayload adds = Tables(0, 1, 2) with { Added = [NewTable(9)] };
        _rig.Waiting(Ddl(10), adds, one, two, _rig.Trigger);
        _rig.Done(new BlockEventId(At(10), isSyncPoint), action, _rig.Trigger);
        Assert.Equal(["n1: write 10 t"], _rig.Tick(1));
        Assert.Empty(_rig.Schedule.Changes);
    }

    [Fact]
    public void Only_the_writers_done_completes_the_writing()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(0, 1, 2), one, two, _rig.Trigger);
        _rig.Done(Ddl(10), BlockAction.Write, one);
        Assert.Equal(["n1: write 10 t"], _rig.Tick(1));
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n1: pass 10 d2"], _rig.Tick());
    }

    [Fact]
    public void A_split_table_is_there_when_all_its_parts_are()
    {
        SpanTask low = _rig.Span(11, new TableSpan(new TableId(1), 0, 1000));
        SpanTask high = _rig.Span(12, new TableSpan(new TableId(1), 1000, TableSpan.HashEnd), "n2");
        Assert.Equal(["n1: ack 10 d11"], _rig.Waiting(Ddl(10), Tables(1), low));
        Assert.Equal(["n2: ack 10 d12, write 10 d12"], _rig.Waiting(Ddl(10), Tables(1), high));
    }

    [Fact]
    public void A_hole_in_a_split_table_is_waited_for()
    {
        SpanTask low = _rig.Span(11, new TableSpan(new TableId(1), 0, 1000));
        SpanTask high = _rig.Span(12, new TableSpan(new TableId(1), 1001, TableSpan.HashEnd));
        Assert.Equal(["n1: ack 10 d11 d12"], _rig.Waiting(Ddl(10), Tables(1), low, high));
        Assert.Empty(_rig.Ticks(5));
    }

    [Fact]
    public void A_late_report_of_one_that_is_beyond_is_acknowledged_and_opens_nothing()
    {
        SpanTask one = _rig.Table(1);
        _rig.Schedule.Raise(one, At(10));
        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), Tables(0, 1), one));
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void Nonsense_changes_nothing()
    {
        SpanTask one = _rig.Table(1);
        SpanTask unknown = new(Mode.Event, new DispatcherId(new Epoch(1), 77), one.Span, "shop", CommitTs.Zero);
        Assert.Empty(_rig.Waiting(Ddl(10), Tables(1), unknown));
        Assert.Empty(_rig.Says("n1",
            Status(one, new BlockEventId(CommitTs.Zero, false), BlockStage.Waiting, null, Tables(1)),
            Status(one, Ddl(10), BlockStage.Waiting, null, null),
            Status(one, Ddl(10), BlockStage.Writing, null, Tables(1)),
            Status(one, Ddl(10), BlockStage.Scheduled, null, null),
            Status(one, Ddl(10), BlockStage.Done, null, null)));
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.Equal(CommitTs.Zero, one.Checkpoint);
    }
}
