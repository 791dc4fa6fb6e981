using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>Spans that are moved, split or merged while an event is open.</summary>
public sealed class ReplacedSpansTests
{
    static readonly TableId Split = new(1);
    readonly BarrierRig _rig = new();

    [Fact]
    [Trait("AC", "B16")]
    public void Reports_of_parts_that_were_replaced_do_not_count_beside_those_of_the_new_ones()
    {
        SpanTask[] old = [Part(11, 0, 100), Part(12, 100, 200), Part(13, 200, TableSpan.HashEnd)];
        _rig.Waiting(Ddl(10), Tables(1), old[0]);
        foreach (SpanTask gone in old) _rig.Schedule.Remove(gone);
        SpanTask[] parts = [Part(21, 0, 100), Part(22, 100, 200), Part(23, 200, TableSpan.HashEnd)];
        Assert.Equal(["n1: ack 10 d22 d23"], _rig.Waiting(Ddl(10), Tables(1), parts[1], parts[2]));
        Assert.Empty(_rig.Waiting(Ddl(10), Tables(1), old[0]));
        Assert.Empty(_rig.Ticks(3));
        Assert.Equal(["n1: ack 10 d21, write 10 d21"], _rig.Waiting(Ddl(10), Tables(1), parts[0]));
    }

    [Fact]
    [Trait("AC", "B17")]
    public void A_report_does_not_count_while_its_span_is_being_scheduled()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1), one);
        one.State = TaskState.Scheduling;
        Assert.Equal(["n1: ack 10 t"], _rig.Waiting(Ddl(10), Tables(0, 1), _rig.Trigger));
        Assert.Empty(_rig.Ticks(3));
        _rig.Moved(one, "n2");
        Assert.Empty(_rig.Ticks(1));
        Assert.Equal(["n2: ack 10 d1", "n1: write 10 t"], _rig.Waiting(Ddl(10), Tables(0, 1), one));
    }

    [Fact]
    [Trait("AC", "B19")]
    public void A_report_of_one_that_does_not_replicate_is_ignored_and_told_so()
    {
        SpanTask one = _rig.Table(1);
        one.State = TaskState.Scheduling;
        Assert.Equal(["n1: ignored 10s d1"], _rig.Waiting(Syncpoint(10), All, one));
        Assert.Equal(CommitTs.Zero, one.Checkpoint);
        Assert.Equal(0, _rig.Barrier.OpenCount);
        _rig.Trigger.State = TaskState.Scheduling;
        Assert.Equal(["n1: ignored 10 t"],
            _rig.Scheduled(Ddl(10), Tables(0) with { Added = [NewTable(5)] }, _rig.Trigger));
        Assert.Empty(_rig.Schedule.Changes);
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Write, one));
        Assert.Equal(CommitTs.Zero, one.Checkpoint);
    }

    [Fact]
    public void A_new_incarnation_that_an_old_acknowledgement_has_silenced_is_asked_to_report()
    {
        SpanTask one = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1), one, _rig.Trigger);
        _rig.TakeOver();
        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), Tables(0, 1), one));
        _rig.Moved(one, "n1");
        Assert.Empty(_rig.Ticks(4));
        Assert.Equal(["n1: ignored 10 d1"], _rig.Ticks(5));
        Assert.Equal(["n1: ignored 10 d1"], _rig.Ticks(5));
        Assert.Equal(["n1: ack 10 d1 t, write 10 t"], _rig.Waiting(Ddl(10), Tables(0, 1), one, _rig.Trigger));
        Assert.DoesNotContain(_rig.Ticks(10), static told => told.Contains("ignored", StringComparison.Ordinal));
    }

    [Fact]
    public void A_report_of_an_earlier_incarnation_is_not_believed()
    {
        SpanTask one = _rig.Table(1);
        BlockStatus late = Status(one, Ddl(10), BlockStage.Waiting, null, Tables(1));
        _rig.Moved(one, "n2");
        Assert.Empty(_rig.Says("n1", late));
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.Equal(CommitTs.Zero, one.Checkpoint);
    }

    [Fact]
    [Trait("Lesson", "1587")]
    public void An_old_part_and_three_new_ones_are_not_the_whole_table()
    {
        SpanTask whole = _rig.Table(1);
        _rig.Waiting(Ddl(10), Tables(0, 1), whole, _rig.Trigger);
        _rig.TakeOver();
        _rig.Waiting(Ddl(10), Tables(0, 1), whole);
        _rig.Schedule.Remove(whole);
        SpanTask[] parts = [Part(21, 0, 100), Part(22, 100, 200), Part(23, 200, TableSpan.HashEnd)];
        _rig.Waiting(Ddl(10), Tables(0, 1), parts[0], parts[1]);
        Assert.Equal(["n1: ack 10 t"], _rig.Waiting(Ddl(10), Tables(0, 1), _rig.Trigger));
        Assert.Empty(_rig.Ticks(3));
        Assert.Equal(["n1: ack 10 d23, write 10 t"], _rig.Waiting(Ddl(10), Tables(0, 1), parts[2]));
    }

    [Fact]
    [Trait("Lesson", "3974")]
    public void A_writer_and_another_that_are_both_created_again_after_the_writing_both_pass()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), two, one);
        _rig.Done(Ddl(10), BlockAction.Write, one);
        _rig.TakeOver();
        // The maintainer that knew of the writing is gone, and so is what both knew: they come to the event again.
        SpanTask[] again = Replace(one, two);
        Assert.Equal(["n2: ack 10 d1 d2, write 10 d2"], _rig.Waiting(Ddl(10), Tables(1, 2), again));
        _rig.Moved(again[0], "n3");
        _rig.Done(Ddl(10), BlockAction.Write, again[1]);
        Assert.Equal(["n3: pass 10 d1"], _rig.Tick());
        _rig.Waiting(Ddl(10), Tables(1, 2), again[0]);
        _rig.Done(Ddl(10), BlockAction.Pass, again[0]);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    [Trait("Lesson", "4398")]
    public void A_merge_during_the_event_does_not_lead_to_a_pass_without_a_write()
    {
        SpanTask low = Part(11, 0, 100), high = Part(12, 100, TableSpan.HashEnd);
        _rig.Waiting(Ddl(10), Tables(1), low, high);
        _rig.Schedule.Remove(low);
        _rig.Schedule.Remove(high);
        SpanTask merged = _rig.Span(21, TableSpan.Whole(Split), "n2", start: At(10).Previous);
        Assert.DoesNotContain(_rig.Ticks(5), static told => told.Contains("pass", StringComparison.Ordinal));
        Assert.Equal(["n2: ack 10 d21, write 10 d21"], _rig.Waiting(Ddl(10), Tables(1), merged));
        _rig.Done(Ddl(10), BlockAction.Write, merged);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Theory]
    [InlineData("tables")]
    [InlineData("schema")]
    [InlineData("all")]
    public void A_writer_that_is_gone_is_replaced_whatever_the_event_stops(string influence)
    {
        BlockPayload payload = influence switch
        {
            "tables" => Tables(0, 1, 2),
            "schema" => Schema("shop"),
            _ => All,
        };
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), payload, one, two, _rig.Trigger);
        _rig.Trigger.State = TaskState.Absent;
        Assert.Empty(_rig.Ticks(3));
        _rig.Moved(_rig.Trigger, "n2");
        Assert.Equal(["n2: ack 10 t, write 10 t"], _rig.Waiting(Ddl(10), payload, _rig.Trigger));
        _rig.Trigger.State = TaskState.Absent;
        _rig.Schedule.Raise(_rig.Trigger, At(10));
        Assert.Equal(["n1: write 10 d1"], _rig.Ticks(1));
        _rig.Schedule.Remove(one);
        Assert.Equal(["n1: write 10 d2"], _rig.Ticks(1));
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Write, two));
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void A_done_of_a_writer_that_was_replaced_meanwhile_is_not_the_writers()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one, two);
        BlockStatus late = Status(two, Ddl(10), BlockStage.Done, BlockAction.Write, null);
        _rig.Moved(two, "n2");
        Assert.Empty(_rig.Says("n1", late));
        Assert.Empty(_rig.Ticks(2));
        Assert.Equal(["n2: ack 10 d2, write 10 d2"], _rig.Waiting(Ddl(10), Tables(1, 2), two));
        Assert.Empty(_rig.Says("n1", late));
        Assert.Equal(["n2: write 10 d2"], _rig.Ticks(1));
    }

    [Fact]
    public void One_that_has_been_writing_and_only_seemed_gone_is_asked_again_before_any_other()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), three = _rig.Table(3);
        _rig.Waiting(Ddl(10), Tables(1, 2, 3), one, three, two);
        two.State = TaskState.Scheduling;
        Assert.Empty(_rig.Ticks(1));
        two.State = TaskState.Replicating;
        _rig.Waiting(Ddl(10), Tables(1, 2, 3), three);
        Assert.Equal(["n1: write 10 d2"], _rig.Ticks(1));
    }

    [Fact]
    public void A_later_incarnation_of_a_writer_has_not_been_writing()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2), three = _rig.Table(3);
        _rig.Waiting(Ddl(10), Tables(1, 2, 3), one, three, two);
        _rig.Moved(two, "n2");
        _rig.Moved(three, "n2");
        Assert.Empty(_rig.Ticks(1));
        Assert.Equal(["n2: ack 10 d2 d3, write 10 d3"], _rig.Waiting(Ddl(10), Tables(1, 2, 3), two, three));
    }

    [Fact]
    public void A_write_is_not_said_again_while_a_table_is_not_covered()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one, two);
        one.State = TaskState.Absent;
        Assert.Empty(_rig.Ticks(3));
        _rig.Moved(one, "n2");
        _rig.Waiting(Ddl(10), Tables(1, 2), one);
        Assert.Equal(["n1: write 10 d2"], _rig.Ticks(1));
    }

    [Fact]
    public void One_that_comes_back_to_a_finished_event_finds_it_recorded_and_goes_on()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2);
        _rig.Waiting(Ddl(10), Tables(1, 2), one, two);
        _rig.Done(Ddl(10), BlockAction.Write, two);
        _rig.Done(Ddl(10), BlockAction.Pass, one);
        SpanTask again = Replace(one)[0];
        Assert.Equal(["n2: ack 10 d1, write 10 d1"], _rig.Waiting(Ddl(10), Tables(1, 2), again));
        _rig.Done(Ddl(10), BlockAction.Write, again);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    SpanTask Part(ulong number, uint from, ulong to) => _rig.Span(number, new TableSpan(Split, from, to));

    /// <summary>The same dispatchers, of which only is known that they have not come to the event.</summary>
    SpanTask[] Replace(params SpanTask[] tasks)
    {
        foreach (SpanTask task in tasks) _rig.Schedule.Remove(task);
        return [.. tasks.Select(task => _rig.Span(task.Id.Number, task.Span, "n2"))];
    }
}
