using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Tests.Managing;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Dispatching;

public sealed class BlockEventTests
{
    readonly TestNode _node = new();

    public BlockEventTests() => _node.Bootstrap();

    [Fact]
    [Trait("AC", "P2")]
    public void A_ddl_of_one_unsplit_table_that_changes_no_schedule_is_executed_and_not_reported()
    {
        _node.Work(D(1), Whole(7));
        _node.Block(D(1), Ddl(20), Blocks(7));
        Assert.Empty(_node.Of<WriteBlock>(D(1)));
        _node.SinkFlushed(D(1));
        Assert.Single(_node.Of<WriteBlock>(D(1)));
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Written(D(1));
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Empty(_node.Reports);
    }

    [Fact]
    [Trait("AC", "P2")]
    public void A_ddl_that_drops_is_reported_as_scheduled_every_5_s_until_it_is_acknowledged()
    {
        _node.Work(D(1), Whole(7));
        BlockPayload drops = Blocks(7) with { Dropped = Tables(7) };
        _node.Block(D(1), Ddl(20), drops);
        _node.SinkFlushed(D(1));
        _node.Tick();
        Assert.Empty(_node.Reports);
        _node.Written(D(1));
        _node.Tick();
        Assert.Equal("Scheduled 20", _node.ReportsOf(D(1)));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal("Scheduled 20, Scheduled 20", _node.ReportsOf(D(1)));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(21), D(1));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal(3, _node.Reports.Length);
        _node.Instruct(InstructionKind.Acknowledge, Ddl(20), D(1));
        _node.Pass(DispatcherTimes.Repeat);
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal(3, _node.Reports.Length);
        Assert.Same(drops, _node.Reports[0].Payload);
    }

    [Fact]
    [Trait("AC", "P2")]
    public void A_ddl_of_two_tables_waits_is_written_when_told_and_then_done()
    {
        _node.Work(D(1), Whole(7));
        _node.Block(D(1), Ddl(20), Blocks(7, 8));
        _node.SinkFlushed(D(1));
        _node.Tick();
        Assert.Equal("Waiting 20", _node.ReportsOf(D(1)));
        Assert.Empty(_node.Of<WriteBlock>(D(1)));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal("Waiting 20, Waiting 20", _node.ReportsOf(D(1)));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(20), D(1));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal(2, _node.Reports.Length);
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        Assert.Single(_node.Of<WriteBlock>(D(1)));
        _node.Written(D(1));
        _node.Tick();
        Assert.Equal("Waiting 20, Waiting 20, Done 20", _node.ReportsOf(D(1)));
        Assert.Equal(BlockAction.Write, _node.Reports[^1].Action);
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
    }

    [Fact]
    [Trait("AC", "P2")]
    public void A_syncpoint_and_events_of_a_schema_and_of_all_always_wait()
    {
        _node.Work(D(1), Whole(7));
        _node.Work(D(2), Whole(8));
        _node.Work(D(3), Whole(9));
        _node.Wait(D(1), Sync(20), Blocks(7));
        _node.Wait(D(2), Ddl(20), BlockPayload.Of(new Influence.Database("shop")));
        _node.Wait(D(3), Ddl(20), Everything);
        Assert.Equal([D(1), D(2), D(3)], _node.Reports.Select(r => r.Dispatcher));
        Assert.All(_node.Reports, r => Assert.Equal(BlockStage.Waiting, r.Stage));
    }

    [Fact]
    [Trait("AC", "P5")]
    public void A_part_of_a_table_waits_for_its_other_parts()
    {
        _node.Work(D(1), new TableSpan(new TableId(7), 0, 100));
        _node.Wait(D(1), Ddl(20), Blocks(7));
        Assert.Equal("Waiting 20", _node.ReportsOf(D(1)));
    }

    [Fact]
    [Trait("AC", "P3")]
    public void An_ignored_report_is_said_again_at_once_but_only_if_it_is_the_one_and_once()
    {
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Ignored, Ddl(19), D(1));
        _node.Instruct(InstructionKind.Ignored, Sync(20), D(1));
        _node.Tick();
        Assert.Single(_node.Reports);
        _node.Instruct(InstructionKind.Ignored, Ddl(20), D(1));
        _node.Tick();
        Assert.Equal(2, _node.Reports.Length);
        _node.Instruct(InstructionKind.Ignored, Ddl(20), D(1));
        _node.Tick();
        Assert.Equal(2, _node.Reports.Length);
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal(3, _node.Reports.Length);
        _node.Instruct(InstructionKind.Ignored, Ddl(20), D(1));
        _node.Tick();
        Assert.Equal(4, _node.Reports.Length);
    }

    [Fact]
    [Trait("AC", "P4")]
    public void A_flush_goes_before_waiting_and_none_goes_before_the_write()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Enqueued(D(1), 1);
        _node.Block(D(1), Ddl(20), Blocks(7, 8));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Empty(_node.Reports);
        _node.Bootstrap();
        Assert.Null(_node.Said<BootstrapResponse>().Last().Spans.Single().Block);
        _node.SinkFlushed(D(1));
        _node.Tick();
        Assert.Equal("Waiting 20", _node.ReportsOf(D(1)));
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Written(D(1));
        _node.Tick();
        Assert.Equal("Waiting 20, Done 20", _node.ReportsOf(D(1)));
        Assert.Single(_node.Of<FlushSink>(D(1)));
    }

    [Fact]
    public void An_action_counts_only_for_the_very_event_and_only_while_it_waits()
    {
        _node.Work(D(1), Whole(7));
        _node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        _node.Block(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        Assert.Empty(_node.Of<WriteBlock>(D(1)));
        _node.SinkFlushed(D(1));
        _node.Instruct(InstructionKind.Pass, Sync(20), D(1));
        _node.Instruct(InstructionKind.Write, Sync(20), D(1));
        _node.Instruct(InstructionKind.Write, Ddl(21), D(1));
        Assert.Empty(_node.Of<WriteBlock>(D(1)));
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        _node.Tick();
        Assert.Single(_node.Of<WriteBlock>(D(1)));
        Assert.Equal("Waiting 20", _node.ReportsOf(D(1)));
    }

    [Fact]
    public void An_action_of_an_event_that_lies_behind_is_answered_done_for_that_action()
    {
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        _node.Tick();
        _node.Forget();
        _node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Instruct(InstructionKind.Write, Ddl(30), D(1));
        _node.Tick();
        Assert.Equal([BlockAction.Pass, BlockAction.Write], _node.Reports.Select(r => r.Action!.Value));
        Assert.Empty(_node.Of<WriteBlock>(D(1)));
    }

    [Fact]
    public void What_comes_behind_an_event_is_given_to_the_sink_only_when_the_event_is_done()
    {
        _node.Work(D(1), Whole(7));
        _node.Block(D(1), Ddl(20), Blocks(7, 8));
        _node.Rows(D(1), 21);
        _node.Block(D(1), Ddl(22), Blocks(7, 8));
        _node.SinkFlushed(D(1));
        Assert.Empty(_node.Of<WriteRows>(D(1)));
        _node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        Assert.Single(_node.Of<WriteRows>(D(1)));
        Assert.Single(_node.Of<FlushSink>(D(1)));
        _node.Enqueued(D(1), 1);
        Assert.Equal(2, _node.Of<FlushSink>(D(1)).Count());
        _node.SinkFlushed(D(1));
        _node.Tick();
        Assert.Equal("Waiting 20, Done 20, Waiting 22", _node.ReportsOf(D(1)));
    }

    [Fact]
    public void A_write_that_fails_holds_the_dispatcher_and_is_tried_again_after_10_s_then_20()
    {
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Fail(D(1), _node.Last<WriteBlock>(D(1)).Ticket, FaultKind.Permanent);
        _node.Tick();
        Assert.Equal(FaultKind.Permanent, _node.StatusOf(D(1))!.Value.Held);
        _node.Pass(TimeSpan.FromSeconds(9));
        Assert.Single(_node.Of<WriteBlock>(D(1)));
        _node.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _node.Of<WriteBlock>(D(1)).Count());
        _node.Fail(D(1), _node.Last<WriteBlock>(D(1)).Ticket);
        _node.Pass(TimeSpan.FromSeconds(19));
        Assert.Equal(2, _node.Of<WriteBlock>(D(1)).Count());
        _node.Pass(TimeSpan.FromSeconds(1));
        _node.Written(D(1));
        _node.Tick();
        Assert.Equal("Waiting 20, Done 20", _node.ReportsOf(D(1)));
        Assert.Null(_node.StatusOf(D(1))!.Value.Held);
    }

    [Fact]
    public void The_pause_doubles_up_to_10_minutes()
    {
        int[] seconds = [10, 20, 40, 80, 160, 320, 600, 600];
        Assert.Equal(seconds, Enumerable.Range(1, 8).Select(n => (int)DispatcherTimes.PauseAfter(n).TotalSeconds));
        Assert.Equal(DispatcherTimes.LongestPause, DispatcherTimes.PauseAfter(int.MaxValue));
    }

    [Fact]
    public void A_completion_of_another_ticket_or_incarnation_changes_nothing()
    {
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        WriteBlock write = _node.Last<WriteBlock>(D(1));
        _node.Put(new BlockWritten(Mode.Event, D(1), write.Owner, write.Ticket - 1, false));
        _node.Put(new BlockWritten(Mode.Event, D(1), new Owner(1, 99), write.Ticket, false));
        _node.Put(new BlockWritten(Mode.Redo, D(1), write.Owner, write.Ticket, false));
        _node.Put(new SinkFlushed(Mode.Event, D(1), write.Owner, write.Ticket));
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Written(D(1));
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
    }
}
