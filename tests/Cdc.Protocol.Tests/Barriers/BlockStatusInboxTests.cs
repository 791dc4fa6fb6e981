using Cdc.Protocol.Barriers;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

public sealed class BlockStatusInboxTests
{
    static readonly DispatcherId One = new(new Epoch(1), 1);
    readonly BlockStatusInbox _inbox = new();

    [Fact]
    [Trait("AC", "E8")]
    public void Repeats_within_one_request_are_kept_once_but_scheduled_is_never_left_out()
    {
        BlockStatus waiting = Report(BlockStage.Waiting), done = Report(BlockStage.Done);
        BlockStatus scheduled = Report(BlockStage.Scheduled);
        Received offered = Request(
            waiting, Report(BlockStage.Waiting), scheduled, done, Report(BlockStage.Done), scheduled);
        BlockStatus[] kept = Statuses(_inbox.Offer(offered));
        Assert.Equal(4, kept.Length);
        Assert.Same(waiting, kept[0]);
        Assert.Same(scheduled, kept[1]);
        Assert.Same(done, kept[2]);
        Assert.Same(scheduled, kept[3]);
        Assert.Equal(2, _inbox.Count);
    }

    [Fact]
    [Trait("AC", "E9")]
    public void A_repeat_is_left_out_while_the_first_is_queued_or_handled_and_taken_again_afterwards()
    {
        Received first = Request(Report(BlockStage.Waiting));
        Assert.Same(first, _inbox.Offer(first));
        Assert.Null(_inbox.Offer(Request(Report(BlockStage.Waiting))));
        _inbox.Release(first);
        Assert.Equal(0, _inbox.Count);
        Assert.NotNull(_inbox.Offer(Request(Report(BlockStage.Waiting))));
        Assert.NotNull(_inbox.Offer(Request(Report(BlockStage.Scheduled))));
        Assert.NotNull(_inbox.Offer(Request(Report(BlockStage.Scheduled))));
    }

    [Fact]
    [Trait("AC", "E9")]
    public void What_was_left_out_keeps_no_key_and_releasing_the_rest_frees_only_the_rest()
    {
        Received first = Request(Report(BlockStage.Waiting));
        _inbox.Offer(first);
        Input? rest = _inbox.Offer(Request(Report(BlockStage.Waiting), Report(BlockStage.Done)));
        Assert.Equal(BlockStage.Done, Assert.Single(Statuses(rest)).Stage);
        _inbox.Release(rest!);
        Assert.Null(_inbox.Offer(Request(Report(BlockStage.Waiting))));
        Assert.NotNull(_inbox.Offer(Request(Report(BlockStage.Done))));
    }

    [Fact]
    [Trait("AC", "E10")]
    public void Everything_else_passes_as_it_is()
    {
        Received heartbeat = new(Party.Manager(new NodeId("n1")),
            new Heartbeat(new Epoch(1), Mode.Event, default, [], false, []));
        Assert.Same(heartbeat, _inbox.Offer(heartbeat));
        Assert.Same(heartbeat, _inbox.Offer(heartbeat));
        Assert.Same(Tick.Now, _inbox.Offer(Tick.Now));
        _inbox.Release(heartbeat);
        _inbox.Release(Tick.Now);
        Assert.Equal(0, _inbox.Count);
    }

    [Fact]
    public void Whatever_differs_is_no_repeat()
    {
        BlockStatus waiting = Report(BlockStage.Waiting), done = Report(BlockStage.Done);
        BlockStatus[] different =
        [
            waiting, done,
            waiting with { Dispatcher = new DispatcherId(new Epoch(1), 2) },
            waiting with { Owner = new Owner(1, 2) },
            waiting with { Event = Syncpoint(10) },
            waiting with { Event = Ddl(11) },
            done with { Action = BlockAction.Pass },
        ];
        Received request = Request(different);
        Assert.Same(request, _inbox.Offer(request));
        Assert.NotNull(_inbox.Offer(request with { From = Party.Manager(new NodeId("n2")) }));
        BlockStatusRequest message = (BlockStatusRequest)request.Message;
        Assert.NotNull(_inbox.Offer(request with { Message = message with { Epoch = new Epoch(2) } }));
        Assert.NotNull(_inbox.Offer(request with { Message = message with { Mode = Mode.Redo } }));
        Assert.Null(_inbox.Offer(request));
        Assert.Equal(4 * different.Length, _inbox.Count);
    }

    [Fact]
    public void A_million_repeats_cost_no_more_than_what_they_repeat()
    {
        Received request = Request([.. Enumerable.Range(1, 1000).Select(static number =>
            Report(BlockStage.Waiting) with { Dispatcher = new DispatcherId(new Epoch(1), (ulong)number) })]);
        _inbox.Offer(request);
        for (int i = 0; i < 1000; i++) Assert.Null(_inbox.Offer(request));
        Assert.Equal(1000, _inbox.Count);
    }

    static BlockStatus Report(BlockStage stage) => new(
        One, new Owner(1, 1), Ddl(10), stage, stage == BlockStage.Done ? BlockAction.Write : null,
        stage == BlockStage.Done ? null : Tables(1));

    static Received Request(params BlockStatus[] statuses) => new(
        Party.Manager(new NodeId("n1")), new BlockStatusRequest(new Epoch(1), Mode.Event, [.. statuses]));

    static BlockStatus[] Statuses(Input? input) =>
        [.. Assert.IsType<BlockStatusRequest>(Assert.IsType<Received>(input).Message).Statuses];
}
