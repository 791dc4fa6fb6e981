using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class CopyTests
{
    static readonly AddedTable Table = new(new(1), "shop", true);

    readonly MaintainerRig _rig = new();
    DispatcherId _id;
    Owner _owner;
    NodeId _node;

    public CopyTests()
    {
        _rig.Nodes(A, B);
        _rig.Hears(Grant(parked: 1));
        _rig.Answers(A);
        _rig.Answers(B);
        _rig.Loads(50, 1, 2);
        _rig.AllWork(50);
        _rig.Hears(new CopyTables(Ours, [new(new(99), 0), new(Table.Table, 0)]));
        _rig.Hears(new CopyTables(Ours, [new(new(99), 0), new(Table.Table, 0)]));
        Begins(_rig.Tick());
    }

    void Begins(List<Effect> said)
    {
        var copies = from send in said.OfType<Send>()
                     let request = send.Message as ScheduleRequest
                     where request is not null
                     from item in request.Items
                     where item.Copies
                     select (send.To.Node, item);
        (_node, ScheduleItem begun) = Assert.Single(copies);
        (_id, _owner) = (begun.Id, begun.Owner);
    }

    void Says(ComponentState state, ulong? copied = null) => _rig.Beats(
        _node, 50, new SpanStatus(_id, _owner, state, Ts(50), copied is { } at ? Ts(at) : null, null));

    static ScheduleItem[] Items(List<Effect> said) => [.. Said<ScheduleRequest>(said).SelectMany(static r => r.Items)];

    [Fact]
    public void A_table_is_copied_then_kept_then_it_runs_from_its_copy_on()
    {
        Says(ComponentState.Copying);
        Assert.Equal("", _rig.Of(1));
        Says(ComponentState.Copying, copied: 70);
        Assert.Equal($"Scheduling {_owner} @{_node} 70", _rig.Of(1));
        List<Effect> said = _rig.Tick();
        Assert.Equal(new ParkRequest(Ours, Table.Table, 1, Ts(70)), Assert.Single(Said<ParkRequest>(said)));
        Assert.Empty(Items(said));
        Assert.Single(Said<ParkRequest>(_rig.Tick(1)));
        _rig.Hears(new ParkPersisted(Ours, Table.Table, 1, Ts(70)));
        said = _rig.Tick(1);
        Assert.Empty(Said<ParkRequest>(said));
        ScheduleItem start = Assert.Single(Items(said));
        Assert.Equal((ScheduleAction.Create, _id, _owner, Ts(70), false),
            (start.Action, start.Id, start.Owner, start.Start, start.Copies));
        Says(ComponentState.Working);
        Assert.Equal($"Replicating {_owner} @{_node} 70", _rig.Of(1));
    }

    [Fact]
    public void The_checkpoint_waits_where_it_was_when_the_copy_began()
    {
        // What lies behind the copy may not be forgotten before the table runs.
        _rig.Beats(A, 99);
        _rig.Beats(B, 99);
        _rig.Tick();
        Assert.Equal(Ts(50), _rig.Maintainer.Tenure!.Committed);
        Says(ComponentState.Copying, copied: 70);
        _rig.Beats(A, 99);
        _rig.Beats(B, 99);
        _rig.Tick();
        Assert.Equal(Ts(70), _rig.Maintainer.Tenure!.Committed);
    }

    [Fact]
    public void A_copy_whose_node_left_is_made_again_elsewhere_by_another_dispatcher()
    {
        DispatcherId first = _id;
        _rig.Nodes(_node == A ? B : A);
        Begins(_rig.Tick());
        Assert.NotEqual(first, _id);
    }

    [Fact]
    public void A_copy_that_failed_and_was_given_up_does_not_have_its_table_parked_for_ever()
    {
        _rig.Beats(_node, 50, new SpanStatus(
            _id, _owner, ComponentState.Copying, Ts(50), null, FaultKind.Transient));
        Assert.Equal([Table.Table], _rig.Schedule.Held.Since(_rig.Now));
        _rig.Nodes(_node == A ? B : A);
        Begins(_rig.Tick());
        Assert.Empty(_rig.Schedule.Held.Since(_rig.Now));
    }

    [Fact]
    public void A_finished_copy_whose_node_left_runs_elsewhere_from_where_it_stands()
    {
        Says(ComponentState.Copying, copied: 70);
        _rig.Nodes(_node == A ? B : A);
        ScheduleItem made = Assert.Single(Items(_rig.Tick()), item => item.Id == _id);
        Assert.Equal((Ts(70), false), (made.Start, made.Copies));
        Assert.True(made.Owner > _owner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_block_event_of_the_table_has_it_copied_again_and_a_syncpoint_does_not(bool isSyncPoint)
    {
        Says(ComponentState.Copying);
        SpanTask trigger = _rig.Schedule.Trigger;
        BlockStatus waiting = new(
            trigger.Id,
            trigger.Owner,
            new(Ts(60), isSyncPoint),
            BlockStage.Waiting,
            null,
            BlockPayload.Of(isSyncPoint ? new Influence.All() : new Influence.Normal([TableId.Trigger, Table.Table])));
        _rig.Hears(trigger.Node, new BlockStatusRequest(Ours, Mode.Event, [waiting]));
        ScheduleItem[] removes = Items(_rig.Tick());
        Assert.Equal(!isSyncPoint, removes.Any(item => item.Action == ScheduleAction.Remove && item.Id == _id));
        Says(ComponentState.Copying, copied: 70);
        Assert.Equal(isSyncPoint, _rig.Of(1) != "");
    }

    [Fact]
    public void A_table_that_may_not_be_split_any_more_comes_in_so()
    {
        Says(ComponentState.Copying);
        BlockPayload unique = BlockPayload.Of(new Influence.Normal([TableId.Trigger])) with { Unsplit = [Table.Table] };
        _rig.Schedule.Apply(unique, Ts(60), default);
        Says(ComponentState.Copying, copied: 70);
        Assert.False(_rig.Schedule.Spans.Table(Table.Table)!.IsSplittable);
    }

    [Fact]
    public void A_copy_from_before_what_may_be_forgotten_is_made_again()
    {
        Says(ComponentState.Copying, copied: 49);
        Assert.Equal("", _rig.Of(1));
        Begins(_rig.Tick());
    }

    [Fact]
    public void A_table_that_was_dropped_or_parked_again_does_not_come_in()
    {
        Says(ComponentState.Copying, copied: 70);
        Assert.Equal(1UL, Assert.Single(Said<ParkRequest>(_rig.Tick())).Number);
        _rig.Handle(new ParkTable(Table.Table));
        Assert.Equal(new ParkRequest(Ours, Table.Table, 2, null), Assert.Single(Said<ParkRequest>(_rig.Tick())));
        _rig.Hears(new ParkPersisted(Ours, Table.Table, 1, Ts(70)));
        Assert.NotEqual("", _rig.Of(1));
        _rig.Hears(new ParkPersisted(Ours, Table.Table, 2, null));
        Assert.Equal("", _rig.Of(1));
        Assert.Contains(Items(_rig.Tick()), item => item.Action == ScheduleAction.Remove && item.Id == _id);
        Assert.Empty(Said<ParkRequest>(_rig.Tick(2)));
    }

    [Fact]
    public void What_was_wanted_before_the_table_was_parked_once_more_is_late()
    {
        Says(ComponentState.Copying, copied: 70);
        _rig.Tick();
        _rig.Hears(new ParkPersisted(Ours, Table.Table, 1, Ts(70)));
        _rig.Handle(new ParkTable(Table.Table));
        _rig.Tick();
        _rig.Hears(new ParkPersisted(Ours, Table.Table, 2, null));
        _rig.Hears(new CopyTables(Ours, [new(Table.Table, 0)]));
        Assert.DoesNotContain(Items(_rig.Tick(1)), static item => item.Copies);
        _rig.Hears(new CopyTables(Ours, [new(Table.Table, 2)]));
        Begins(_rig.Tick());
    }

    [Fact]
    public void A_table_comes_back_as_it_was_parked_and_as_later_events_have_changed_it()
    {
        _rig.Handle(new ParkTable(new(2)));
        _rig.Tick();
        _rig.Hears(new ParkPersisted(Ours, new(2), 1, null));
        BlockPayload moves = BlockPayload.Of(new Influence.Normal([new(2)])) with
        {
            Moved = [new(new(2), "shop", "store")],
            Unsplit = [new(2)],
        };
        _rig.Schedule.Apply(moves, Ts(60), _rig.Now);
        Assert.Equal(new AddedTable(new(2), "store", false), _rig.Schedule.Parked.Find(new(2)));
        _rig.Schedule.Apply(
            BlockPayload.Of(new Influence.Normal([new(2)])) with { Dropped = new Influence.Database("store") },
            Ts(70),
            _rig.Now);
        _rig.Hears(new CopyTables(Ours, [new(new(2), 1)]));
        Assert.DoesNotContain(Items(_rig.Tick(1)), static item => item.Copies && item.Span.Table == new TableId(2));
    }

    [Fact]
    public void An_open_block_event_of_other_tables_keeps_no_copy_waiting_one_of_the_table_does()
    {
        Says(ComponentState.Stopped);
        Reports(60, new Influence.Normal([TableId.Trigger, Table.Table]));
        Assert.DoesNotContain(Items(_rig.Tick()), static item => item.Copies);
        Reports(61, new Influence.Normal([TableId.Trigger, new(2)]));
        Assert.DoesNotContain(Items(_rig.Tick()), static item => item.Copies);
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(60));
        _rig.Tick(1);
        Begins(_rig.Tick(1));
        Assert.Equal(1, _rig.Maintainer.Tenure!.Modes[0].Barrier.OpenCount);
    }

    void Reports(ulong at, Influence influence)
    {
        SpanTask trigger = _rig.Schedule.Trigger;
        BlockStatus waiting = new(
            trigger.Id, trigger.Owner, new(Ts(at), false), BlockStage.Waiting, null, BlockPayload.Of(influence));
        _rig.Hears(trigger.Node, new BlockStatusRequest(Ours, Mode.Event, [waiting]));
    }
}
