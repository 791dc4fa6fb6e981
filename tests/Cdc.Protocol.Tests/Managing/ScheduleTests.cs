using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

public sealed class ScheduleTests
{
    readonly TestNode _node = new();

    public ScheduleTests() => _node.Bootstrap(5);

    [Fact]
    [Trait("AC", "M15")]
    public void The_same_create_again_only_says_its_state_again()
    {
        ScheduleItem item = _node.Item(ScheduleAction.Create, D(1), Whole(7));
        _node.Schedule(item);
        _node.Claimed(D(1));
        _node.Tick();
        _node.Forget();
        _node.Schedule(item);
        _node.Schedule(item with { Owner = new Owner(4, 1) });
        _node.Tick();
        Assert.Empty(_node.Done.OfType<DispatcherEffect>());
        Assert.Equal(ComponentState.Working, _node.StatusOf(D(1))!.Value.State);
    }

    [Fact]
    public void A_create_of_a_later_owner_waits_until_the_earlier_has_stopped()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        Owner first = _node.OwnerOf(D(1));
        _node.Remove(D(1));
        ScheduleItem second = _node.Item(ScheduleAction.Create, D(1), Whole(7));
        _node.Schedule(second);
        Assert.Single(_node.Of<ClaimSpan>(D(1)));
        _node.Put(new RowsFlushed(Mode.Event, D(1), first, 1));
        Assert.Equal([first, second.Owner], _node.Of<ClaimSpan>(D(1)).Select(c => c.Owner));
        Assert.Equal(first, Assert.Single(_node.Of<DropSpan>(D(1))).Owner);
    }

    [Theory]
    [InlineData(ScheduleAction.Create)]
    [InlineData(ScheduleAction.Remove)]
    public void What_is_late_does_not_take_the_place_of_a_later_one_that_waits(ScheduleAction late)
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        Owner first = _node.OwnerOf(D(1));
        _node.Schedule(_node.Item(ScheduleAction.Create, D(1), Whole(7), owner: new(5, 900)));
        _node.Schedule(_node.Item(late, D(1), Whole(7), owner: new(5, 800)));
        _node.Put(new RowsFlushed(Mode.Event, D(1), first, 1));
        Assert.Equal([first, new(5, 900)], _node.Of<ClaimSpan>(D(1)).Select(static c => c.Owner));
    }

    [Fact]
    public void A_remove_counts_for_all_incarnations_up_to_its_own()
    {
        _node.Work(D(1), Whole(7));
        _node.Schedule(_node.Item(ScheduleAction.Remove, D(1), Whole(7), owner: new(5, 900)));
        _node.Schedule(_node.Item(ScheduleAction.Create, D(1), Whole(7), owner: new(5, 800)));
        Assert.Single(_node.Of<ClaimSpan>(D(1)));
    }

    [Fact]
    public void Rows_that_come_for_one_that_is_gone_are_given_back()
    {
        _node.Work(D(1), Whole(7));
        _node.Remove(D(1));
        _node.Rows(D(1), 15, bytes: 6);
        Assert.Equal(6, Assert.Single(_node.Of<ReleaseRows>(D(1))).Bytes);
    }

    [Fact]
    public void Nothing_is_replaced_in_place_not_even_the_trigger()
    {
        _node.WorkTrigger();
        Owner first = _node.OwnerOf(Trigger);
        _node.Block(Trigger, Ddl(20), Blocks(0));
        _node.Create(Trigger, Whole(0), 12, "");
        Assert.Single(_node.Of<CloseSession>(Trigger));
        Assert.Single(_node.Of<ClaimSpan>(Trigger));
        _node.Put(new SinkFlushed(Mode.Event, Trigger, first, _node.Last<FlushSink>(Trigger).Ticket));
        Assert.Equal(2, _node.Of<ClaimSpan>(Trigger).Count());
        Assert.Empty(_node.Of<WriteBlock>(Trigger));
    }

    [Fact]
    public void A_create_over_hashes_that_another_has_waits_for_it()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Create(D(2), new TableSpan(new TableId(7), 0, 50));
        _node.Create(D(3), new TableSpan(new TableId(7), 50, TableSpan.HashEnd));
        _node.Create(D(4), Whole(8));
        Assert.Single(_node.Of<ClaimSpan>(D(4)));
        _node.Remove(D(1));
        Assert.Empty(_node.Of<ClaimSpan>(D(2)));
        _node.Remove(D(3));
        _node.Flushed(D(1), 1);
        Assert.Single(_node.Of<ClaimSpan>(D(2)));
        Assert.Empty(_node.Of<ClaimSpan>(D(3)));
    }

    [Fact]
    [Trait("AC", "M15")]
    public void A_remove_of_what_is_not_here_is_answered_stopped()
    {
        _node.Schedule(_node.Item(ScheduleAction.Remove, D(1), Whole(7), owner: new Owner(5, 9)));
        _node.Tick();
        SpanStatus status = _node.StatusOf(D(1))!.Value;
        Assert.Equal((ComponentState.Stopped, new Owner(5, 9)), (status.State, status.Owner));
    }

    [Fact]
    public void A_create_that_its_remove_has_overtaken_makes_nothing()
    {
        ScheduleItem create = _node.Item(ScheduleAction.Create, D(1), Whole(7));
        _node.Remove(D(1));
        _node.Schedule(create);
        _node.Tick();
        Assert.Empty(_node.Of<ClaimSpan>(D(1)));
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(1))!.Value.State);
    }

    [Fact]
    public void A_create_that_comes_again_after_its_remove_makes_nothing()
    {
        ScheduleItem create = _node.Item(ScheduleAction.Create, D(1), Whole(7));
        _node.Schedule(create);
        _node.Claimed(D(1));
        _node.Resolved(33);
        _node.Remove(D(1));
        _node.Tick();
        _node.Forget();
        _node.Schedule(create);
        _node.Tick();
        Assert.Empty(_node.Of<ClaimSpan>(D(1)));
        Assert.Equal(At(33), _node.StatusOf(D(1))!.Value.Checkpoint);
    }

    [Fact]
    public void A_remove_of_an_earlier_incarnation_leaves_the_later_one()
    {
        _node.Work(D(1), Whole(7));
        _node.Schedule(_node.Item(ScheduleAction.Remove, D(1), Whole(7), owner: new Owner(4, 7)));
        _node.Tick();
        Assert.Empty(_node.Of<CloseSession>(D(1)));
        Assert.Contains(_node.Said<Heartbeat>().SelectMany(h => h.Statuses), s => s.Owner == new Owner(4, 7));
        Assert.Equal(At(10), _node.Checkpoint(D(1)));
    }

    [Fact]
    [Trait("AC", "M10")]
    public void A_trigger_of_another_changefeed_or_mode_is_not_made()
    {
        DispatcherId[] foreign = [DispatcherId.TriggerOf(Mode.Redo), new(Cdc.Protocol.Epoch.None, 77), default];
        foreach (DispatcherId id in foreign)
        {
            _node.Create(id, Whole(0));
            Assert.Empty(_node.Of<ClaimSpan>(id));
        }
    }

    [Fact]
    public void Instructions_of_a_schema_reach_its_tables_and_the_trigger_also_after_a_move()
    {
        BlockPayload drop = BlockPayload.Of(new Influence.Database("store"));
        BlockPayload move = Blocks(0, 7) with { Moved = [new(new TableId(7), "shop", "store")] };
        _node.WorkTrigger();
        _node.Work(D(1), Whole(7));
        _node.Work(D(2), Whole(8));
        _node.Work(D(3), Whole(9), schema: "store");
        _node.Wait(D(1), Ddl(20), move);
        _node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        foreach (DispatcherId id in new[] { Trigger, D(1), D(2), D(3) }) _node.Wait(id, Ddl(30), drop);
        _node.Forget();
        _node.Instruct(InstructionKind.Pass, Ddl(30), new Addressees.OfSchema("store"));
        _node.Tick();
        Assert.Equal([Trigger, D(1), D(3)], _node.Reports.Select(r => r.Dispatcher).Order());
        _node.Instruct(InstructionKind.Pass, Ddl(30), new Addressees.All());
        _node.Tick();
        Assert.Equal(At(30), _node.Checkpoint(D(2)));
        _node.Wait(D(1), Ddl(40), drop);
        _node.Instruct(InstructionKind.Pass, Ddl(40), new Addressees.OfSchema("shop"));
        Assert.Equal(At(40).Previous, _node.Checkpoint(D(1)));
    }

    [Fact]
    public void Who_is_gone_is_not_found_by_its_schema()
    {
        _node.Work(D(1), Whole(7), 10);
        _node.Work(D(2), Whole(8), 10);
        _node.Remove(D(1));
        _node.Instruct(InstructionKind.Pass, Ddl(5), new Addressees.OfSchema("shop"));
        _node.Tick();
        Assert.Equal(D(2), Assert.Single(_node.Reports).Dispatcher);
    }
}
