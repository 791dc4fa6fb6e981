using Cdc.Protocol.Barriers;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>What a barrier asks of others so that it can go on: tables parked, tables merged, and an answer.</summary>
public sealed class WaitingForTests
{
    readonly BarrierRig _rig = new();

    [Fact]
    public void A_held_table_is_waited_for_a_minute_and_then_to_be_parked_said_once()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Syncpoint(10), All, two, _rig.Trigger);
        one.Held = FaultKind.Permanent;
        Assert.Null(FirstPark(59));
        Assert.Equal(new TableId(1), FirstPark(3));
        Assert.Null(FirstPark(120));
        _rig.Schedule.Remove(one);
        Assert.Equal(["n1: write 10s t"], _rig.Ticks(1));
    }

    [Fact]
    public void A_table_that_recovers_in_time_is_not_parked_and_the_minute_begins_anew()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Syncpoint(10), All, _rig.Trigger);
        one.Held = FaultKind.Transient;
        Assert.Null(FirstPark(50));
        one.Held = null;
        Assert.Null(FirstPark(5));
        one.Held = FaultKind.Transient;
        Assert.Null(FirstPark(59));
        Assert.Equal(new TableId(1), FirstPark(3));
    }

    [Fact]
    public void A_held_table_that_no_barrier_needs_stays_and_so_does_one_that_stands_at_the_event()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), other = _rig.Table(3);
        _rig.Waiting(Ddl(10), Tables(0, 1, 2), one);
        one.Held = other.Held = _rig.Trigger.Held = FaultKind.Permanent;
        Assert.Null(FirstPark(200));
        Assert.Null(two.Held);
    }

    [Fact]
    public void A_writer_that_fails_is_parked_and_replaced()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one, two);
        two.Held = FaultKind.Permanent;
        Assert.Equal(new TableId(2), FirstPark(63));
        _rig.Schedule.Remove(two);
        _rig.Schedule.Raise(_rig.Trigger, At(10));
        Assert.Equal(["n1: write 10 d1"], _rig.Ticks(1));
    }

    [Fact]
    public void A_table_that_can_not_pass_is_parked_too()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one, two);
        _rig.Done(Ddl(10), BlockAction.Write, two);
        one.Held = FaultKind.Permanent;
        Assert.Equal(new TableId(1), FirstPark(63));
    }

    [Fact]
    public void A_table_that_may_not_be_split_any_more_is_merged_while_all_wait_and_before_the_write()
    {
        SpanTask low = _rig.Span(11, new TableSpan(new TableId(1), 0, 100)), other = _rig.Table(2);
        SpanTask high = _rig.Span(12, new TableSpan(new TableId(1), 100, TableSpan.HashEnd));
        BlockPayload unique = Tables(0, 1, 2) with { Unsplit = [new TableId(1), new TableId(2)] };
        _rig.Waiting(Ddl(10), unique, low, _rig.Trigger, other);
        _rig.Tick(1);
        Assert.Empty(_rig.Barrier.UnsplitWanted);
        Assert.True(_rig.Barrier.MustStayWhole(new TableId(1)));
        Assert.False(_rig.Barrier.MustStayWhole(new TableId(3)));
        Assert.Equal(["n1: ack 10 d12"], _rig.Waiting(Ddl(10), unique, high));
        Assert.Empty(_rig.Ticks(3));
        Assert.Equal([new TableId(1)], _rig.Barrier.UnsplitWanted);
        Assert.Equal([new TableId(1)], _rig.Barrier.WaitingFor(_rig.Now)[0].SplitTables);

        low.State = high.State = TaskState.Scheduling;
        _rig.Ticks(1);
        Assert.Empty(_rig.Barrier.UnsplitWanted);
        _rig.Schedule.Remove(low);
        _rig.Schedule.Remove(high);
        SpanTask merged = _rig.Span(21, TableSpan.Whole(new TableId(1)), start: At(10).Previous);
        Assert.Empty(_rig.Ticks(2));
        Assert.Equal(["n1: ack 10 d21, write 10 t"], _rig.Waiting(Ddl(10), unique, merged));
        Assert.Empty(_rig.Schedule.Changes);
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["keep 1 whole", "keep 2 whole"], _rig.Schedule.Changes);
        _rig.Done(Ddl(10), BlockAction.Pass, merged, other);
        Assert.False(_rig.Barrier.MustStayWhole(new TableId(1)));
    }

    [Fact]
    [Trait("Lesson", "4365")]
    public void Who_asks_why_it_does_not_go_on_is_told_who_has_not_reported()
    {
        SpanTask[] tables = [.. Enumerable.Range(1, 69).Select(table => _rig.Table(table))];
        BlockPayload truncate = Tables([0, .. Enumerable.Range(1, 69)]);
        _rig.Waiting(Ddl(10), truncate, tables);
        _rig.Ticks(30);
        BarrierWait wait = Assert.Single(_rig.Barrier.WaitingFor(_rig.Now));
        Assert.Equal((Ddl(10), BarrierPhase.Collecting, 1), (wait.Event, wait.Phase, wait.MissingCount));
        Assert.Equal(TimeSpan.FromSeconds(30), wait.Age);
        MissingSpan missing = Assert.Single(wait.Missing);
        Assert.Equal((_rig.Trigger.Id, new NodeId("n1"), TaskState.Replicating, LastSeen.Nothing),
            (missing.Dispatcher, missing.Node, missing.State, missing.Seen));
        Assert.Equal(TimeSpan.FromSeconds(30), missing.For);
    }

    [Fact]
    public void The_answer_follows_the_event_through_its_phases()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(0, 1, 2), one, two);
        _rig.Moved(two, "n2");
        two.Held = FaultKind.Transient;
        _rig.Ticks(2);
        BarrierWait collecting = _rig.Barrier.WaitingFor(_rig.Now)[0];
        Assert.Equal([(_rig.Trigger.Id, LastSeen.Nothing), (two.Id, LastSeen.Replaced)],
            collecting.Missing.Select(static span => (span.Dispatcher, span.Seen)));
        Assert.Equal([new TableId(2)], collecting.HeldTables);
        Assert.Null(collecting.Writer);

        two.Held = null;
        _rig.Waiting(Ddl(10), Tables(0, 1, 2), two, _rig.Trigger);
        BarrierWait writing = _rig.Barrier.WaitingFor(_rig.Now)[0];
        Assert.Equal((BarrierPhase.Writing, _rig.Trigger.Id, 0),
            (writing.Phase, writing.Writer, writing.MissingCount));

        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        _rig.Ticks(1);
        BarrierWait passing = _rig.Barrier.WaitingFor(_rig.Now)[0];
        Assert.Equal((BarrierPhase.Passing, 2, TimeSpan.FromSeconds(1)),
            (passing.Phase, passing.MissingCount, passing.InPhase));
        Assert.Equal([LastSeen.Waiting, LastSeen.Waiting], passing.Missing.Select(static span => span.Seen));
    }

    /// <summary>The first table that is to be parked within so many seconds; null: none is.</summary>
    TableId? FirstPark(int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            _rig.Tick(1);
            if (_rig.Barrier.NeedsPark.Length > 0) return Assert.Single(_rig.Barrier.NeedsPark);
        }

        return null;
    }
}
