using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Dispatching;

public sealed class BlockStatusBufferTests
{
    static readonly Owner Owner = new(1, 1);
    readonly BlockStatusBuffer _buffer = new();

    static BlockStatus Of(BlockStage stage, ulong commit = 20, ulong dispatcher = 1) =>
        new(D(dispatcher), Owner, Ddl(commit), stage, null, Blocks(7, 8));

    [Fact]
    [Trait("AC", "D1")]
    public void What_waits_here_already_is_left_out()
    {
        for (int i = 0; i < 1_000; i++)
        {
            _buffer.Offer(Of(BlockStage.Waiting));
            _buffer.OfferDone(D(1), Owner, Ddl(20), BlockAction.Pass);
        }

        Assert.Equal(2, _buffer.Count);
        Assert.Equal(2, _buffer.Drain(10).Length);
    }

    [Fact]
    [Trait("AC", "D2")]
    public void What_was_drained_may_be_offered_again()
    {
        for (int i = 0; i < 3; i++)
        {
            _buffer.Offer(Of(BlockStage.Waiting));
            _buffer.OfferDone(D(1), Owner, Ddl(20), BlockAction.Pass);
            Assert.Equal(2, _buffer.Drain(10).Length);
        }
    }

    [Fact]
    [Trait("AC", "D3")]
    public void Different_reports_keep_their_order()
    {
        _buffer.Offer(Of(BlockStage.Waiting));
        _buffer.OfferDone(D(1), Owner, Ddl(20), BlockAction.Write);
        _buffer.Offer(Of(BlockStage.Waiting));
        _buffer.Offer(Of(BlockStage.Waiting, 30));
        Assert.Equal(
            [(BlockStage.Waiting, 20ul), (BlockStage.Done, 20ul), (BlockStage.Waiting, 30ul)],
            _buffer.Drain(10).Select(s => (s.Stage, s.Event.At.Commit)));
    }

    [Fact]
    [Trait("AC", "D4")]
    public void Another_dispatcher_owner_event_or_action_is_another_report()
    {
        _buffer.OfferDone(D(1), Owner, Ddl(20), BlockAction.Pass);
        _buffer.OfferDone(D(2), Owner, Ddl(20), BlockAction.Pass);
        _buffer.OfferDone(D(1), new Owner(1, 2), Ddl(20), BlockAction.Pass);
        _buffer.OfferDone(D(1), Owner, Ddl(21), BlockAction.Pass);
        _buffer.OfferDone(D(1), Owner, Sync(20), BlockAction.Pass);
        _buffer.OfferDone(D(1), Owner, Ddl(20), BlockAction.Write);
        Assert.Equal(6, _buffer.Drain(10).Distinct().Count());
    }

    [Fact]
    public void Scheduled_is_never_left_out()
    {
        for (int i = 0; i < 3; i++) _buffer.Offer(Of(BlockStage.Scheduled));
        Assert.Equal(3, _buffer.Drain(10).Length);
    }

    [Fact]
    public void What_is_too_much_for_one_message_stays_in_order()
    {
        for (ulong n = 1; n <= 5; n++) _buffer.Offer(Of(BlockStage.Waiting, 20, n));
        ulong[] drained = [.. new[] { 2, 2, 2 }.SelectMany(m => _buffer.Drain(m)).Select(s => s.Dispatcher.Number)];
        Assert.Equal([1ul, 2, 3, 4, 5], drained);
        Assert.Equal(0, _buffer.Count);
    }

    [Fact]
    public void A_done_is_made_when_it_is_drained()
    {
        _buffer.OfferDone(D(1), Owner, Sync(20), BlockAction.Pass);
        Assert.Equal(
            new BlockStatus(D(1), Owner, Sync(20), BlockStage.Done, BlockAction.Pass, null), _buffer.Drain(1)[0]);
    }
}
