using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class ApplyTests
{
    readonly ScheduleRig _rig = new();

    static BlockPayload Payload => BlockPayload.Of(new Influence.Normal([TableId.Trigger]));

    string All() =>
        string.Join(" ", _rig.Schedule.All.Select(static task => $"{task.Span.Table}@{task.Checkpoint.Commit}"));

    [Theory]
    [InlineData("normal", "3@10 9@50")]
    [InlineData("database", "3@10 9@50")]
    [InlineData("all", "9@50")]
    [Trait("AC", "E1")]
    public void Drops_come_before_adds(string what, string left)
    {
        _rig.Absent(1);
        _rig.Running(2, A);
        _rig.Absent(3, schema: "other");
        Influence dropped = what switch
        {
            "normal" => new Influence.Normal([Table(1), Table(2)]),
            "database" => new Influence.Database("shop"),
            _ => new Influence.All(),
        };
        BlockPayload payload = Payload with { Dropped = dropped, Added = [new(Table(9), "shop", true)] };
        _rig.Schedule.Apply(payload, Ts(50), _rig.Now);
        Assert.Equal(left, All());
        Assert.Equal(what == "all" ? 0 : 1, _rig.Schedule.OfSchema("other").Count);
        Assert.Single(_rig.Schedule.OfSchema("shop"));
    }

    [Fact]
    [Trait("AC", "Controller_AddNewTable")]
    public void What_is_so_already_stays_so()
    {
        SpanTask running = _rig.Running(1, A);
        BlockPayload payload = Payload with
        {
            Added = [new(Table(1), "shop", true), new(Table(2), "shop", true)],
            Dropped = new Influence.Normal([Table(7)]),
        };
        _rig.Schedule.Apply(payload, Ts(50), _rig.Now);
        _rig.Schedule.Apply(payload, Ts(50), _rig.Now);
        Assert.Equal("1@10 2@50", All());
        Assert.Same(running, _rig.Schedule.OfTable(Table(1))[0]);
    }

    [Fact]
    public void An_event_at_or_before_the_table_list_changes_nothing()
    {
        _rig.Schedule.Loaded(Ts(50));
        _rig.Absent(1);
        BlockPayload payload = Payload with
        {
            Added = [new(Table(2), "shop", true)],
            Dropped = new Influence.Normal([Table(1)]),
        };
        _rig.Schedule.Apply(payload, Ts(50), _rig.Now);
        Assert.Equal("1@10", All());
        _rig.Schedule.Apply(payload, Ts(51), _rig.Now);
        Assert.Equal("2@51", All());
    }

    [Fact]
    [Trait("AC", "E6")]
    [Trait("AC", "Controller_UpdateSchemaID")]
    [Trait("AC", "Controller_GetTasksBySchemaID")]
    public void A_table_that_changes_its_schema_is_found_by_the_new_one()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Absent(2);
        _rig.Schedule.Apply(Payload with { Moved = [new(Table(1), "shop", "old")] }, Ts(50), _rig.Now);
        Assert.Equal([task], _rig.Schedule.OfSchema("old"));
        Assert.Equal("old", task.Schema);
        Assert.Single(_rig.Schedule.OfSchema("shop"));
    }

    [Fact]
    public void A_table_that_may_not_be_split_any_more_is_merged()
    {
        _rig.RunningSplit(1, A, A);
        _rig.Schedule.Apply(Payload with { Unsplit = [Table(1)] }, Ts(50), _rig.Now);
        Assert.Equal([Table(1)], _rig.Schedule.Reshaping.Merging);
        Assert.False(_rig.Schedule.Spans.Table(Table(1))!.IsSplittable);
    }

    [Fact]
    public void An_event_that_forbids_a_split_changes_the_schedule_and_reaches_a_table_that_is_being_copied()
    {
        BlockPayload forbids = Payload with { Unsplit = [Table(1)] };
        Assert.True(forbids.ChangesSchedule);
        _rig.Schedule.Parked.Add(Table(1), new(Table(1), "shop", true));
        _rig.Schedule.Copies.Want(Table(1));
        _rig.Schedule.Copies.Tick([ScheduleRig.A], static _ => false, _rig.Now);
        Send copy = Assert.Single(_rig.Sends());
        ScheduleItem item = Assert.Single(Assert.IsType<ScheduleRequest>(copy.Message).Items);
        _rig.Schedule.Apply(forbids, Ts(50), _rig.Now);
        _rig.Beats(ScheduleRig.A, 1, 10, false,
            new SpanStatus(item.Id, item.Owner, ComponentState.Copying, Ts(60), Ts(60), null));
        Assert.False(_rig.Schedule.Spans.Table(Table(1))!.IsSplittable);
    }

    [Fact]
    [Trait("AC", "Controller_GetTasksByTableID")]
    [Trait("AC", "Controller_GetTaskByID")]
    public void Spans_are_found_by_id_table_and_schema_and_the_trigger_is_not_among_all()
    {
        SpanTask task = _rig.Absent(1);
        Assert.Same(task, _rig.Schedule.Find(task.Id));
        Assert.Same(_rig.Schedule.Trigger, _rig.Schedule.Find(DispatcherId.TriggerOf(Mode.Event)));
        Assert.Equal([task], _rig.Schedule.All);
        Assert.True(_rig.Schedule.All is { Count: 1 });
        Assert.Empty(_rig.Schedule.OfTable(Table(2)));
        Assert.Empty(_rig.Schedule.OfSchema("none"));
        Assert.Equal([_rig.Schedule.Trigger], _rig.Schedule.OfTable(TableId.Trigger));
    }

    [Fact]
    public void A_parked_table_is_not_added()
    {
        _rig.Schedule.Parked.Add(Table(1), null);
        _rig.Schedule.Apply(Payload with { Added = [new(Table(1), "shop", true)] }, Ts(50), _rig.Now);
        Assert.Empty(_rig.Schedule.All);
    }

    [Fact]
    public void Spans_that_leave_a_hole_or_overlap_are_refused()
    {
        SpanTask half = new(Mode.Event, new(new Epoch(1), 1), new(Table(1), 0, 1UL << 31), "s", Ts(1));
        Assert.Throws<InvalidOperationException>(() => _rig.Schedule.Spans.Add(Table(1), "s", true, [half]));
    }
}
