using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Tests.Managing;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Dispatching;

public sealed class TriggerTests
{
    readonly TestNode _node = new();

    public TriggerTests()
    {
        _node.Bootstrap();
        _node.WorkTrigger();
        _node.Resolved(11);
    }

    [Fact]
    [Trait("AC", "P12")]
    public void The_checkpoint_stays_below_an_added_table_until_the_schedule_has_it()
    {
        Execute(100, Adds(7));
        _node.Resolved(200);
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        Assert.Equal(At(200), _node.Checkpoint(Trigger));
    }

    [Fact]
    [Trait("AC", "P13")]
    public void The_checkpoint_is_held_before_the_write_begins_and_an_early_acknowledgement_does_not_count()
    {
        _node.Block(Trigger, Ddl(100), Adds(7));
        _node.SinkFlushed(Trigger);
        _node.Resolved(200);
        Assert.Single(_node.Of<WriteBlock>(Trigger));
        _node.Bootstrap();
        Assert.Null(_node.Said<BootstrapResponse>().Last().Spans.Single().Block);
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Written(Trigger);
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Tick();
        Assert.Equal("Scheduled 100", _node.ReportsOf(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        Assert.Equal(At(200), _node.Checkpoint(Trigger));
    }

    [Fact]
    [Trait("AC", "P14")]
    public void The_smallest_event_that_is_not_scheduled_counts_in_whatever_order_they_are_acknowledged()
    {
        foreach (ulong commit in new ulong[] { 100, 120, 140 }) Execute(commit, Adds((long)commit));
        _node.Resolved(200);
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(120), Trigger);
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        Assert.Equal(At(140).Previous, _node.Checkpoint(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(140), Trigger);
        Assert.Equal(At(200), _node.Checkpoint(Trigger));
    }

    [Fact]
    public void What_was_acknowledged_behind_something_that_is_not_is_said_again_to_a_new_owner()
    {
        Execute(100, Adds(7));
        Execute(120, Adds(8));
        _node.Tick();
        _node.Instruct(InstructionKind.Acknowledge, Ddl(120), Trigger);
        _node.Forget();
        _node.Bootstrap(2);
        _node.Hear(new PostBootstrapRequest(new Epoch(2)));
        _node.Tick();
        Assert.Equal("Scheduled 100, Scheduled 120", _node.ReportsOf(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        _node.Resolved(200);
        Assert.Equal(At(120).Previous, _node.Checkpoint(Trigger));
    }

    [Fact]
    [Trait("AC", "P15")]
    public void A_write_that_fails_keeps_the_checkpoint_where_it_is_and_nothing_is_reported()
    {
        _node.Block(Trigger, Ddl(100), Adds(7));
        _node.SinkFlushed(Trigger);
        _node.Fail(Trigger, _node.Last<WriteBlock>(Trigger).Ticket);
        _node.Resolved(200);
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Empty(_node.Reports);
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Pass(DispatcherTimes.FirstPause);
        _node.Written(Trigger);
        _node.Tick();
        Assert.Equal("Scheduled 100", _node.ReportsOf(Trigger));
    }

    [Fact]
    [Trait("AC", "P15")]
    public void A_flush_that_fails_leaves_nothing_behind_and_the_event_comes_again()
    {
        _node.Block(Trigger, Ddl(100), Adds(7));
        _node.Fail(Trigger, _node.Last<FlushSink>(Trigger).Ticket);
        Assert.Single(_node.Of<CloseSession>(Trigger));
        _node.Pass(DispatcherTimes.FirstPause);
        _node.Claimed(Trigger);
        Assert.Equal(At(100).Previous, _node.Last<OpenSession>(Trigger).Start);
        Execute(100, Adds(7));
        Assert.Equal(At(100).Previous, _node.Checkpoint(Trigger));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        Assert.Equal(At(100), _node.Checkpoint(Trigger));
    }

    [Theory]
    [Trait("AC", "P11")]
    [InlineData("all")]
    [InlineData("schema")]
    [InlineData("tables")]
    [InlineData("syncpoint")]
    public void Every_event_that_blocks_is_held_before_its_flush_while_something_is_not_scheduled(string kind)
    {
        BlockEventId next = kind == "syncpoint" ? Sync(120) : Ddl(120);
        BlockPayload payload = kind switch
        {
            "schema" => BlockPayload.Of(new Influence.Database("shop")),
            "tables" => Blocks(0, 5),
            _ => Everything,
        };
        Execute(100, Adds(7));
        Execute(110, Adds(8));
        _node.Tick();
        _node.Forget();
        _node.Block(Trigger, next, payload);
        _node.Tick();
        _node.Instruct(InstructionKind.Acknowledge, Ddl(100), Trigger);
        Assert.Empty(_node.Of<FlushSink>(Trigger));
        Assert.Empty(_node.Reports);
        _node.Instruct(InstructionKind.Acknowledge, Ddl(110), Trigger);
        Assert.Single(_node.Of<FlushSink>(Trigger));
        _node.Tick();
        Assert.Empty(_node.Reports);
        _node.SinkFlushed(Trigger);
        _node.Tick();
        Assert.Equal("Waiting 120", _node.ReportsOf(Trigger));
    }

    [Fact]
    [Trait("AC", "P16")]
    [Trait("AC", "P1")]
    public void Empty_lists_are_no_change_of_the_schedule()
    {
        Execute(100, Blocks(0) with { Dropped = Tables() });
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Empty(_node.Reports);
        Assert.Equal(At(100), _node.Checkpoint(Trigger));
    }

    [Theory]
    [Trait("AC", "P1")]
    [InlineData("nothing", false)]
    [InlineData("drops no table", false)]
    [InlineData("drops a table", true)]
    [InlineData("drops a schema", true)]
    [InlineData("drops all", true)]
    [InlineData("adds", true)]
    [InlineData("moves", true)]
    [InlineData("keeps whole", true)]
    public void What_changes_the_schedule(string what, bool expected)
    {
        BlockPayload payload = Blocks(0) with
        {
            Dropped = what switch
            {
                "drops no table" => Tables(),
                "drops a table" => Tables(3),
                "drops a schema" => new Influence.Database("shop"),
                "drops all" => new Influence.All(),
                _ => null,
            },
            Added = what == "adds" ? [new(new TableId(4), "shop", true)] : [],
            Moved = what == "moves" ? [new(new TableId(4), "shop", "store")] : [],
            Unsplit = what == "keeps whole" ? [new TableId(4)] : [],
        };
        Assert.Equal(expected, payload.ChangesSchedule);
    }

    [Fact]
    [Trait("AC", "P17")]
    public void Removed_with_something_unscheduled_it_stops_below_it()
    {
        Execute(100, Adds(7));
        _node.Resolved(200);
        _node.Remove(Trigger);
        _node.Tick();
        SpanStatus status = _node.StatusOf(Trigger)!.Value;
        Assert.Equal(ComponentState.Stopped, status.State);
        Assert.Equal(At(100).Previous, status.Checkpoint);
    }

    [Fact]
    public void It_starts_where_it_is_told_whatever_the_sink_has()
    {
        _node.Remove(Trigger);
        _node.Create(Trigger, Whole(0), 50, "");
        _node.Claimed(Trigger, At(90));
        Assert.Equal(At(50), _node.Last<OpenSession>(Trigger).Start);
    }

    void Execute(ulong commit, BlockPayload payload)
    {
        _node.Block(Trigger, Ddl(commit), payload);
        _node.SinkFlushed(Trigger);
        _node.Written(Trigger);
    }
}
