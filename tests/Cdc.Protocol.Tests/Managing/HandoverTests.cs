using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>What of an earlier maintainer's orders is told to the next one, and what goes on.</summary>
public sealed class HandoverTests
{
    readonly TestNode _node = new();

    [Fact]
    public void The_answer_is_of_one_moment_with_block_events_and_what_is_not_finished()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Work(D(2), Whole(8));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Wait(D(2), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(2));
        _node.Work(D(3), Whole(9));
        _node.Rows(D(3), 15);
        _node.Remove(D(3));
        _node.Create(D(4), Whole(9));
        _node.Bootstrap(6);
        BootstrapResponse answer = _node.Said<BootstrapResponse>().Last();
        Assert.Equal(
            [(D(1), BlockStage.Waiting), (D(2), BlockStage.Writing), (D(3), default(BlockStage?))],
            answer.Spans.Select(s => (s.Id, s.Block?.Stage)));
        Assert.Equal(
            [(D(3), ScheduleAction.Remove), (D(4), ScheduleAction.Create)],
            answer.Operations.Select(o => (o.Item!.Id, o.Item!.Action)));
        Assert.All(answer.Operations, o => Assert.Equal(new Epoch(5), o.Epoch));
    }

    [Fact]
    [Trait("AC", "O6")]
    public void A_stale_create_is_neither_carried_out_nor_remembered_after_the_takeover()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Remove(D(1));
        _node.Create(D(2), Whole(7));
        _node.Bootstrap(6);
        _node.Flushed(D(1), 1);
        Assert.Empty(_node.Of<ClaimSpan>(D(2)));
        _node.Hear(new PostBootstrapRequest(new Epoch(6)));
        _node.Hear(new PostBootstrapRequest(new Epoch(6)));
        Assert.Equal(2, _node.Said<PostBootstrapResponse>().Count());
        _node.Bootstrap(6);
        Assert.Empty(_node.Said<BootstrapResponse>().Last().Operations);
        _node.Create(D(2), Whole(7));
        Assert.Single(_node.Of<ClaimSpan>(D(2)));
    }

    [Fact]
    public void What_waits_is_offered_again_to_the_new_owner_also_if_the_old_one_acknowledged_it()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Acknowledge, Ddl(20), D(1));
        _node.Forget();
        _node.Bootstrap(6);
        _node.Tick();
        Assert.Empty(_node.Reports);
        _node.Hear(new PostBootstrapRequest(new Epoch(5)));
        _node.Tick();
        Assert.Empty(_node.Reports);
        _node.Hear(new PostBootstrapRequest(new Epoch(6)));
        _node.Tick();
        Assert.Equal("Waiting 20", _node.ReportsOf(D(1)));
        Assert.Equal(new Epoch(6), _node.Said<BlockStatusRequest>().Single().Epoch);
    }
}
