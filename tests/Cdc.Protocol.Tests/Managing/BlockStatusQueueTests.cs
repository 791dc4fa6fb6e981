using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

public sealed class BlockStatusQueueTests
{
    static readonly Owner Owner = new(1, 1);
    readonly BlockStatusQueue _queue = new();
    TimeSpan _now;

    static BlockStatus Of(BlockStage stage, ulong commit = 20, bool isSync = false, BlockAction? action = null) =>
        new(D(1), Owner, new(At(commit), isSync), stage, action, null);

    [Fact]
    [Trait("AC", "M1")]
    public void A_report_is_left_out_while_it_is_queued_and_while_it_is_under_way_and_not_after()
    {
        BlockStatus[] all = [Of(BlockStage.Waiting), Of(BlockStage.Done, action: BlockAction.Pass)];
        foreach (BlockStatus status in all)
        {
            _queue.Add([status]);
            _queue.Add([status, status]);
            Assert.Equal(1, _queue.Count);
            Assert.True(_queue.TrySend(1, _now, out _));
            _queue.Add([status]);
            Assert.Equal(1, _queue.Count);
            Assert.True(_queue.Ended(1, true));
            _queue.Add([status]);
            Assert.Equal(1, _queue.Count);
            _queue.Clear();
        }
    }

    [Fact]
    [Trait("AC", "M2")]
    public void Different_reports_are_kept_apart()
    {
        _queue.Add(
        [
            Of(BlockStage.Waiting), Of(BlockStage.Done, action: BlockAction.Write),
            Of(BlockStage.Done, action: BlockAction.Pass), Of(BlockStage.Waiting, isSync: true),
            Of(BlockStage.Waiting, 21), Of(BlockStage.Scheduled), Of(BlockStage.Scheduled),
        ]);
        Assert.True(_queue.TrySend(1, _now, out ImmutableArray<BlockStatus> statuses));
        Assert.Equal(7, statuses.Length);
    }

    [Fact]
    public void A_send_that_failed_goes_back_to_the_head_with_its_keys()
    {
        _queue.Add([Of(BlockStage.Waiting)]);
        _queue.Add([Of(BlockStage.Done, action: BlockAction.Write)]);
        Assert.True(_queue.TrySend(1, _now, out _));
        Assert.False(_queue.TrySend(2, _now, out _));
        Assert.False(_queue.Ended(1, false));
        _queue.Add([Of(BlockStage.Waiting)]);
        Assert.True(_queue.TrySend(3, _now, out ImmutableArray<BlockStatus> again));
        Assert.Equal(BlockStage.Waiting, again.Single().Stage);
        Assert.True(_queue.Ended(3, true));
        Assert.True(_queue.TrySend(4, _now, out ImmutableArray<BlockStatus> next));
        Assert.Equal(BlockStage.Done, next.Single().Stage);
        Assert.True(_queue.Ended(4, true));
        Assert.True(_queue.IsEmpty);
    }

    [Fact]
    public void A_send_without_an_answer_for_5_s_has_failed_and_a_late_answer_does_not_count()
    {
        _queue.Add([Of(BlockStage.Waiting)]);
        Assert.True(_queue.TrySend(1, _now, out _));
        _now += ManagerTimes.Answer - TimeSpan.FromMilliseconds(1);
        Assert.False(_queue.TrySend(2, _now, out _));
        _now += TimeSpan.FromMilliseconds(1);
        Assert.True(_queue.TrySend(3, _now, out _));
        Assert.False(_queue.Ended(1, true));
        Assert.Equal(1, _queue.Count);
        Assert.True(_queue.Ended(3, true));
        Assert.False(_queue.Ended(3, true));
    }

    [Fact]
    public void A_send_that_fails_is_sent_again_by_the_manager_and_nothing_overtakes_it()
    {
        TestNode node = new() { Answers = false };
        node.Bootstrap();
        node.Work(D(1), Whole(7));
        node.Wait(D(1), Ddl(20), Blocks(7, 8));
        node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        node.Tick();
        Assert.Equal("Waiting 20", node.ReportsOf(D(1)));
        node.Put(new SendEnded(TokenOf(node), false));
        Assert.Single(node.Reports);
        node.Tick();
        Assert.Equal("Waiting 20, Waiting 20", node.ReportsOf(D(1)));
        node.Put(new SendEnded(TokenOf(node), true));
        Assert.Equal("Waiting 20, Waiting 20, Done 20", node.ReportsOf(D(1)));
    }

    [Fact]
    public void Repeats_do_not_grow_while_nothing_can_be_sent_and_a_new_owner_empties_everything()
    {
        TestNode node = new() { Answers = false };
        node.Bootstrap();
        node.Work(D(1), Whole(7));
        node.Wait(D(1), Ddl(20), Blocks(7, 8));
        for (int i = 0; i < 20; i++) node.Pass(DispatcherTimes.Repeat);
        Assert.All(node.Said<BlockStatusRequest>(), r => Assert.Single(r.Statuses));
        long before = TokenOf(node);
        node.Forget();
        node.Bootstrap(2);
        node.Put(new SendEnded(before, true));
        node.Tick();
        Assert.Empty(node.Reports);
        node.Hear(new PostBootstrapRequest(new Epoch(2)));
        node.Tick();
        Assert.Equal("Waiting 20", node.ReportsOf(D(1)));
    }

    [Fact]
    public void A_new_owner_is_not_sent_what_was_reported_before_it()
    {
        TestNode node = new() { Answers = false };
        node.Bootstrap();
        node.Work(D(1), Whole(7));
        node.Work(D(2), Whole(8));
        node.Wait(D(1), Ddl(20), Blocks(7, 8));
        node.Block(D(2), Ddl(20), Blocks(7, 8));
        node.SinkFlushed(D(2));
        long before = TokenOf(node);
        node.Forget();
        node.Bootstrap(2);
        node.Put(new SendEnded(before, false));
        node.Tick();
        Assert.Empty(node.Reports);
    }

    [Fact]
    public void What_was_acknowledged_is_said_to_a_new_owner_in_5_s_also_where_that_never_asks()
    {
        TestNode node = new();
        node.Bootstrap();
        node.Work(D(1), Whole(7));
        node.Wait(D(1), Ddl(20), Blocks(7, 8));
        node.Instruct(InstructionKind.Acknowledge, Ddl(20), D(1));
        node.Pass(DispatcherTimes.Repeat);
        node.Forget();
        node.Bootstrap(2);
        node.Pass(DispatcherTimes.Repeat);
        Assert.Equal("Waiting 20", node.ReportsOf(D(1)));
        node.Instruct(InstructionKind.Acknowledge, Ddl(20), D(1));
        node.Pass(DispatcherTimes.Repeat);
        node.Forget();
        node.Hear(new PostBootstrapRequest(new Epoch(2)));
        node.Tick();
        node.Pass(DispatcherTimes.Repeat);
        Assert.Equal("Waiting 20, Waiting 20", node.ReportsOf(D(1)));
    }

    [Fact]
    [Trait("AC", "M5")]
    [Trait("AC", "M6")]
    public void Reports_of_a_tick_go_together_in_order_at_most_2048_in_a_message_and_each_mode_apart()
    {
        const int Count = ManagerTimes.StatusesPerRequest + 10;
        TestNode node = new();
        node.Bootstrap(null, Trigger, DispatcherId.TriggerOf(Mode.Redo));
        for (ulong n = 1; n <= Count; n++) node.Work(D(n), Whole((long)n));
        node.Work(D(1), Whole(1), mode: Mode.Redo);
        for (ulong n = 1; n <= Count; n++)
        {
            node.Block(D(n), Ddl(20), Everything);
            node.SinkFlushed(D(n));
        }

        node.Block(D(1), Ddl(20), Everything, Mode.Redo);
        node.SinkFlushed(D(1), Mode.Redo);
        node.Forget();
        node.Tick();
        Assert.Equal(
            [(Mode.Event, ManagerTimes.StatusesPerRequest), (Mode.Event, 10), (Mode.Redo, 1)],
            node.Said<BlockStatusRequest>().OrderBy(r => r.Mode).Select(r => (r.Mode, r.Statuses.Length)));
        Assert.Equal(
            Enumerable.Range(1, Count).Select(n => (ulong)n),
            node.Said<BlockStatusRequest>().Where(r => r.Mode == Mode.Event).SelectMany(r => r.Statuses).Select(s => s.Dispatcher.Number));
    }

    [Fact]
    public void What_was_reported_is_sent_when_the_process_goes()
    {
        TestNode node = new() { Answers = false };
        node.Bootstrap();
        node.Work(D(1), Whole(7));
        node.Wait(D(1), Ddl(20), Blocks(7, 8));
        node.Instruct(InstructionKind.Pass, Ddl(20), D(1));
        node.Forget();
        node.Put(new ShuttingDown());
        Assert.Equal("Waiting 20, Done 20", node.ReportsOf(D(1)));
    }

    static long TokenOf(TestNode node) => node.Done.OfType<Send>().Last(s => s.Token is not null).Token!.Value;
}
