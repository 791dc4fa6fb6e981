using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>Closing, while orders and later maintainers come in between.</summary>
public sealed class CloseTests
{
    readonly TestNode _node = new();

    [Fact]
    [Trait("AC", "O8")]
    public void A_stale_close_is_answered_yes_and_does_nothing()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Hear(new CloseRequest(new Epoch(4), true));
        CloseResponse answer = Assert.Single(_node.Said<CloseResponse>());
        Assert.Equal((new Epoch(4), true), (answer.Epoch, answer.IsClosed));
        Assert.Empty(_node.Of<CloseSession>(D(1)));
        _node.Bootstrap(5);
        Assert.Single(_node.Said<BootstrapResponse>().Last().Spans);
    }

    [Fact]
    [Trait("AC", "O10")]
    public void Closed_it_takes_only_a_later_epoch()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Hear(new CloseRequest(new Epoch(5), false));
        Assert.False(_node.Said<CloseResponse>().Last().IsClosed);
        _node.Create(D(2), Whole(8));
        Assert.Empty(_node.Of<ClaimSpan>(D(2)));
        _node.Flushed(D(1), 1);
        Assert.True(_node.Said<CloseResponse>().Last().IsClosed);
        _node.Forget();
        _node.Bootstrap(5);
        _node.Bootstrap(4);
        _node.Create(D(3), Whole(8));
        _node.Pass(ManagerTimes.Complete);
        Assert.Empty(_node.Said<BootstrapResponse>());
        Assert.Empty(_node.Said<Heartbeat>());
        Assert.Empty(_node.Done.OfType<ClaimSpan>());
        _node.Bootstrap(6);
        Assert.Null(Assert.Single(_node.Said<BootstrapResponse>()).Refusal);
        _node.Create(D(3), Whole(8));
        Assert.Single(_node.Of<ClaimSpan>(D(3)));
    }

    [Fact]
    public void A_close_of_a_later_maintainer_is_of_its_epoch_and_nobody_before_comes_between()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Create(D(2), new TableSpan(new TableId(7), 0, 50));
        _node.Hear(new CloseRequest(new Epoch(7), false));
        _node.Bootstrap(6);
        Assert.Equal(new Epoch(7), Assert.Single(_node.Said<Superseded>()).Current);
        _node.Flushed(D(1), 1);
        Assert.Empty(_node.Of<ClaimSpan>(D(2)));
        Assert.Equal(
            (new Epoch(7), true),
            (_node.Said<CloseResponse>().Last().Epoch, _node.Said<CloseResponse>().Last().IsClosed));
    }

    [Fact]
    [Trait("AC", "O10")]
    public void A_close_before_any_bootstrap_leaves_a_tombstone()
    {
        _node.Hear(new CloseRequest(new Epoch(5), false));
        Assert.True(Assert.Single(_node.Said<CloseResponse>()).IsClosed);
        _node.Bootstrap(5);
        Assert.Empty(_node.Said<BootstrapResponse>());
    }

    [Fact]
    [Trait("AC", "M14")]
    [Trait("AC", "O3")]
    public void That_the_changefeed_is_removed_is_not_lost_whether_it_is_said_first_or_last()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Hear(new CloseRequest(new Epoch(5), true));
        _node.Hear(new CloseRequest(new Epoch(5), false));
        Assert.Empty(_node.Done.OfType<CleanUp>());
        _node.Flushed(D(1), 1);
        Assert.Single(_node.Done.OfType<CleanUp>());

        TestNode other = new();
        other.Bootstrap(5);
        other.Hear(new CloseRequest(new Epoch(5), false));
        Assert.Empty(other.Done.OfType<CleanUp>());
        other.Hear(new CloseRequest(new Epoch(5), true));
        Assert.Single(other.Done.OfType<CleanUp>());
        Assert.True(other.Said<CloseResponse>().Last().IsClosed);
    }

    [Fact]
    [Trait("AC", "O4")]
    public void A_later_maintainer_ends_a_close_that_is_under_way()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Hear(new CloseRequest(new Epoch(5), true));
        _node.Bootstrap(6);
        Assert.Equal(ComponentState.Stopping, _node.Said<BootstrapResponse>().Last().Spans.Single().State);
        _node.Hear(new CloseRequest(new Epoch(5), true));
        Assert.True(_node.Said<CloseResponse>().Last().IsClosed);
        _node.Flushed(D(1), 1);
        Assert.Empty(_node.Done.OfType<CleanUp>());
        _node.Create(D(2), Whole(7));
        _node.Claimed(D(2));
        _node.Hear(new CloseRequest(new Epoch(6), false));
        Assert.True(_node.Said<CloseResponse>().Last().IsClosed);
        Assert.Empty(_node.Done.OfType<CleanUp>());
    }

    [Fact]
    public void While_it_still_closes_for_an_earlier_maintainer_a_later_one_is_obeyed_and_nothing_is_said_of_the_close()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Hear(new CloseRequest(new Epoch(5), false));
        _node.Bootstrap(6);
        _node.Create(D(2), Whole(8));
        Assert.Single(_node.Of<ClaimSpan>(D(2)));
        _node.Forget();
        _node.Flushed(D(1), 1);
        Assert.Empty(_node.Said<CloseResponse>());
    }

    [Fact]
    public void Before_it_says_that_it_is_closed_it_says_what_it_was_told()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Hear(new CloseRequest(new Epoch(5), false));
        _node.Written(D(1));
        Message[] said = [.. _node.Said<Message>()];
        Assert.True(Assert.IsType<CloseResponse>(said[^1]).IsClosed);
        Assert.Equal(BlockStage.Done, Assert.IsType<BlockStatusRequest>(said[^2]).Statuses.Single().Stage);
    }
}
