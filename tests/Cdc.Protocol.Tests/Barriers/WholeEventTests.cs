using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>Block events that stop a schema, or everything.</summary>
public sealed class WholeEventTests
{
    readonly BarrierRig _rig = new();

    [Fact]
    [Trait("AC", "B1")]
    public void A_syncpoint_is_collected_written_by_the_trigger_and_gone_when_all_are_beyond()
    {
        SpanTask one = _rig.Table(1);
        Assert.Equal(["n1: ack 10s d1 t, write 10s t"], _rig.Waiting(Syncpoint(10), All, one, _rig.Trigger));
        Assert.Equal(["n1: write 10s t"], _rig.Tick(2));
        Assert.Empty(_rig.Done(Syncpoint(10), BlockAction.Write, _rig.Trigger));
        Assert.Empty(_rig.Done(Syncpoint(10), BlockAction.Pass, one));
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.Empty(_rig.Done(Syncpoint(10), BlockAction.Pass, one));
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    [Trait("AC", "B10")]
    public void Dropping_a_schema_leaves_nobody_to_pass_and_other_schemas_alone()
    {
        SpanTask one = _rig.Table(1), two = _rig.Table(2, "n2"), other = _rig.Table(3, schema: "other");
        BlockPayload drop = Schema("shop") with { Dropped = new Influence.Database("shop"), Added = [NewTable(9)] };
        Assert.Equal(["n1: ack 10 d1", "n2: ack 10 d2"], _rig.Waiting(Ddl(10), drop, one, two));
        Assert.Equal(["n1: ack 10 t, write 10 t"], _rig.Waiting(Ddl(10), drop, _rig.Trigger));
        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), drop, one));
        Assert.Empty(_rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger));
        Assert.Equal(["drop 1", "drop 2", "add 9 at 10"], _rig.Schedule.Changes);
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.Empty(_rig.Ticks(3));
        Assert.Same(other, _rig.Schedule.Find(other.Id));
    }

    [Fact]
    [Trait("AC", "B11")]
    public void A_syncpoint_over_two_nodes_is_passed_with_one_message_to_each()
    {
        SpanTask[] tasks = [_rig.Table(1), _rig.Table(2), _rig.Table(3, "n2"), _rig.Table(4, "n2")];
        Assert.Equal(["n1: ack 10s t d1 d2"], _rig.Waiting(Syncpoint(10), All, _rig.Trigger, tasks[0], tasks[1]));
        Assert.Equal(["n2: ack 10s d3"], _rig.Waiting(Syncpoint(10), All, tasks[2]));
        Assert.Equal(["n2: ack 10s d4", "n1: write 10s t"], _rig.Waiting(Syncpoint(10), All, tasks[3]));
        _rig.Done(Syncpoint(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n1: pass 10s all", "n2: pass 10s all"], _rig.Tick());
        _rig.Done(Syncpoint(10), BlockAction.Pass, tasks);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    [Trait("AC", "E3")]
    public void A_wave_to_all_waits_for_two_quiet_seconds_but_not_longer_than_ten()
    {
        SpanTask[] tasks = [_rig.Table(1), .. Enumerable.Range(2, 20).Select(table => _rig.Table(table, "n2"))];
        _rig.Waiting(Syncpoint(10), All, [_rig.Trigger, .. tasks]);
        _rig.Done(Syncpoint(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n1: pass 10s all", "n2: pass 10s all"], _rig.Tick());
        for (int i = 1; i < 10; i++)
        {
            Assert.Empty(_rig.Ticks(1));
            _rig.Done(Syncpoint(10), BlockAction.Pass, tasks[i]);
        }

        Assert.Equal(["n1: pass 10s all", "n2: pass 10s all"], _rig.Ticks(1));
        _rig.Done(Syncpoint(10), BlockAction.Pass, tasks[0]);
        Assert.Empty(_rig.Ticks(1.8));
        Assert.Equal(["n2: pass 10s all"], _rig.Ticks(1));
    }

    [Fact]
    public void A_wave_that_went_to_nobody_does_not_begin_the_wait()
    {
        SpanTask one = _rig.Table(1, "n2");
        _rig.Waiting(Syncpoint(10), All, one, _rig.Trigger);
        one.State = TaskState.Scheduling;
        _rig.Done(Syncpoint(10), BlockAction.Write, _rig.Trigger);
        Assert.Empty(_rig.Ticks(0.5));
        one.State = TaskState.Replicating;
        _rig.Waiting(Syncpoint(10), All, _rig.Moved(one, "n3"));
        Assert.Equal(["n3: pass 10s all"], _rig.Ticks(1));
    }

    [Fact]
    [Trait("AC", "E2")]
    [Trait("AC", "E5")]
    public void A_schema_is_passed_by_name_on_every_node_that_is_not_beyond_also_the_triggers()
    {
        SpanTask one = _rig.Table(1, "n2"), two = _rig.Table(2, "n2"), other = _rig.Table(3, "n3", "other");
        _rig.Waiting(Ddl(10), Schema("shop"), one, two, _rig.Trigger);
        _rig.Moved(_rig.Trigger, "n4");
        Assert.Empty(_rig.Ticks(1));
        _rig.Waiting(Ddl(10), Schema("shop"), _rig.Trigger);
        _rig.Moved(_rig.Trigger, "n5");
        Assert.Empty(_rig.Ticks(1));
        Assert.Equal(["n5: ack 10 t, write 10 t"], _rig.Waiting(Ddl(10), Schema("shop"), _rig.Trigger));
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n2: pass 10 schema shop"], _rig.Tick());
        Assert.False(other.IsBeyond(At(1)));
    }

    [Fact]
    public void A_trigger_that_did_not_write_is_passed_with_its_schema()
    {
        SpanTask one = _rig.Table(1, "n2");
        _rig.Waiting(Ddl(10), Schema("shop"), _rig.Trigger);
        _rig.TakeOver(
            Snapshot(one, Ddl(10), BlockStage.Writing, Schema("shop")),
            Snapshot(_rig.Trigger, Ddl(10), BlockStage.Waiting, Schema("shop")));
        Assert.Equal(["n2: write 10 d1"], _rig.Tick());
        _rig.Done(Ddl(10), BlockAction.Write, one);
        Assert.Equal(["n1: pass 10 schema shop"], _rig.Tick());
    }

    [Fact]
    public void Before_the_trigger_nothing_counts_and_what_reported_earlier_is_not_lost()
    {
        SpanTask one = _rig.Table(1);
        Assert.Equal(["n1: ack 10 d1"], _rig.Waiting(Ddl(10), Schema("shop"), one));
        Assert.Empty(_rig.Ticks(3));
        SpanTask two = _rig.Table(2);
        Assert.Equal(["n1: ack 10 t"], _rig.Waiting(Ddl(10), Schema("shop"), _rig.Trigger));
        Assert.Equal(["n1: ack 10 d2, write 10 t"], _rig.Waiting(Ddl(10), Schema("shop"), two));
    }

    [Fact]
    public void Before_the_trigger_not_even_a_walk_is_made()
    {
        SpanTask[] tasks = [_rig.Table(1), _rig.Table(2)];
        foreach (SpanTask task in tasks) _rig.Waiting(Syncpoint(10), All, task);
        _rig.Ticks(3);
        Assert.Equal(0, _rig.Schedule.Walks);
    }

    [Fact]
    public void A_trigger_that_is_beyond_is_as_good_as_one_that_reports()
    {
        SpanTask one = _rig.Table(1);
        _rig.Schedule.Raise(_rig.Trigger, At(20));
        Assert.Equal(["n1: ack 10s d1, write 10s d1"], _rig.Waiting(Syncpoint(10), All, one));
    }

    [Fact]
    public void A_schema_that_is_renamed_still_has_to_pass_its_tables()
    {
        SpanTask one = _rig.Table(1, "n2"), two = _rig.Table(2, "n3");
        BlockPayload rename = Schema("shop") with
        {
            Moved = [new(new TableId(1), "shop", "store"), new(new TableId(2), "shop", "store")],
        };
        _rig.Waiting(Ddl(10), rename, one, two, _rig.Trigger);
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n2: pass 10 schema shop, pass 10 d1", "n3: pass 10 schema shop, pass 10 d2"], _rig.Tick());
        _rig.Moved(two, "n4");
        Assert.Equal(
            ["n2: pass 10 schema shop, pass 10 d1", "n4: pass 10 schema shop, pass 10 d2"], _rig.Ticks(2.1));
        _rig.Done(Ddl(10), BlockAction.Pass, one, two);
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void One_that_stands_at_the_event_is_passed_also_where_the_schedule_has_it_in_another_schema_by_now()
    {
        SpanTask one = _rig.Table(1), moved = _rig.Table(2, "n2", "elsewhere");
        _rig.Schedule.Raise(_rig.Trigger, At(20));
        Assert.Equal(["n1: ack 10 d1, write 10 d1", "n2: ack 10 d2"],
            _rig.Waiting(Ddl(10), Schema("shop"), one, moved));
        _rig.Done(Ddl(10), BlockAction.Write, one);
        Assert.Equal(["n2: pass 10 schema shop, pass 10 d2"], _rig.Tick());
        _rig.Done(Ddl(10), BlockAction.Pass, moved);
        Assert.Empty(_rig.Ticks(1));
        Assert.Equal(0, _rig.Barrier.OpenCount);
    }

    [Fact]
    public void Those_of_a_schema_that_a_first_wave_has_left_are_named()
    {
        SpanTask one = _rig.Table(1, "n2"), two = _rig.Table(2, "n2");
        _rig.Waiting(Ddl(10), Schema("shop"), one, two, _rig.Trigger);
        _rig.Done(Ddl(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(["n2: pass 10 schema shop"], _rig.Tick());
        _rig.Done(Ddl(10), BlockAction.Pass, one);
        Assert.Equal(["n2: pass 10 schema shop, pass 10 d2"], _rig.Ticks(2));
    }

    [Fact]
    [Trait("AC", "B15")]
    public void A_hundred_thousand_reports_cost_a_few_walks_through_the_schedule()
    {
        const int Tables = 100_000, Batch = 2048;
        SpanTask[] tasks =
        [
            _rig.Trigger, .. Enumerable.Range(1, Tables).Select(table => _rig.Table(table, $"n{table % 10}")),
        ];
        List<string> told = [];
        foreach (SpanTask[] batch in tasks.Chunk(Batch)) told.AddRange(_rig.Waiting(Syncpoint(10), All, batch));
        Assert.EndsWith("write 10s t", told[^1], StringComparison.Ordinal);
        _rig.Done(Syncpoint(10), BlockAction.Write, _rig.Trigger);
        Assert.Equal(10, _rig.Tick().Length);
        foreach (SpanTask[] batch in tasks.Chunk(Batch))
            Assert.Empty(_rig.Done(Syncpoint(10), BlockAction.Pass, batch));
        Assert.Equal(0, _rig.Barrier.OpenCount);
        Assert.InRange(_rig.Schedule.Walks, 4, 8);
    }
}
