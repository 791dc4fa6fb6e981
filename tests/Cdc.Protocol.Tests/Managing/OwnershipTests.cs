using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>Who is obeyed: the one maintainer that bootstrapped it, and nobody once the sink is fenced.</summary>
public sealed class OwnershipTests
{
    readonly TestNode _node = new();

    [Fact]
    [Trait("AC", "M15")]
    public void Orders_count_only_of_the_epoch_that_bootstrapped_it()
    {
        _node.Create(D(1), Whole(7));
        Assert.Empty(_node.Done);
        _node.Bootstrap(5);
        _node.Epoch = 6;
        _node.Create(D(1), Whole(7));
        Assert.Empty(_node.Of<ClaimSpan>(D(1)));
        _node.Epoch = 4;
        _node.Create(D(1), Whole(7));
        Assert.Empty(_node.Of<ClaimSpan>(D(1)));
        Superseded answer = Assert.Single(_node.Said<Superseded>());
        Assert.Equal((new Epoch(4), new Epoch(5)), (answer.Epoch, answer.Current));
        _node.Epoch = 5;
        _node.Create(D(1), Whole(7));
        Assert.Single(_node.Of<ClaimSpan>(D(1)));
    }

    [Fact]
    [Trait("AC", "M15")]
    public void A_block_instruction_of_another_epoch_changes_nothing()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        foreach (ulong epoch in new ulong[] { 4, 6 })
        {
            _node.Instruct(InstructionKind.Write, Ddl(20), new Addressees.All(), epoch);
            _node.Instruct(InstructionKind.Pass, Ddl(20), new Addressees.All(), epoch);
            _node.Instruct(InstructionKind.Acknowledge, Ddl(20), new Addressees.All(), epoch);
        }

        Assert.Empty(_node.Of<WriteBlock>(D(1)));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Equal("Waiting 20, Waiting 20", _node.ReportsOf(D(1)));
    }

    [Fact]
    [Trait("AC", "M15")]
    public void A_lower_epoch_can_not_take_over_and_the_same_is_answered_again()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Bootstrap(4);
        Assert.Equal(new Epoch(5), Assert.Single(_node.Said<Superseded>()).Current);
        Assert.Equal(new Epoch(5), _node.Manager.Epoch);
        _node.Bootstrap(5);
        BootstrapResponse[] answers = [.. _node.Said<BootstrapResponse>()];
        Assert.Equal([0, 1], answers.Select(a => a.Spans.Length));
    }

    [Fact]
    [Trait("AC", "M15")]
    public void A_checkpoint_is_a_fact_whoever_says_it_and_does_not_go_back()
    {
        _node.Hear(new CheckpointNotice(new Epoch(3), At(20)));
        _node.Bootstrap(5);
        _node.Hear(new CheckpointNotice(new Epoch(4), At(30)));
        _node.Hear(new CheckpointNotice(new Epoch(5), At(25)));
        Assert.Equal([At(20), At(30)], _node.Done.OfType<CheckpointKnown>().Select(k => k.Checkpoint));
    }

    [Fact]
    public void Nobody_speaks_with_epoch_0()
    {
        _node.Bootstrap(0);
        _node.Hear(new CloseRequest(Protocol.Epoch.None, true));
        Assert.Empty(_node.Done);
    }

    [Fact]
    [Trait("AC", "O7")]
    public void A_bootstrap_that_does_not_know_the_trigger_is_refused_and_changes_nothing()
    {
        _node.Bootstrap(5);
        _node.WorkTrigger();
        _node.Forget();
        _node.Bootstrap(6, DispatcherId.TriggerOf(Mode.Redo));
        BootstrapResponse answer = Assert.Single(_node.Said<BootstrapResponse>());
        Assert.Equal(new Epoch(6), answer.Epoch);
        Assert.NotNull(answer.Refusal);
        Assert.Empty(answer.Spans);
        Assert.Equal(new Epoch(5), _node.Manager.Epoch);
        _node.Bootstrap(6, D(4));
        Assert.Equal(new Epoch(5), _node.Manager.Epoch);
        _node.Hear(new CloseRequest(new Epoch(5), false));
        Assert.True(_node.Said<CloseResponse>().Last().IsClosed);
    }

    [Fact]
    [Trait("AC", "O7")]
    public void A_bootstrap_that_names_a_trigger_of_no_mode_is_refused()
    {
        _node.Bootstrap(5, Trigger, D(4));
        Assert.NotNull(Assert.Single(_node.Said<BootstrapResponse>()).Refusal);
        Assert.Equal(Protocol.Epoch.None, _node.Manager.Epoch);
    }

    [Fact]
    [Trait("AC", "O7")]
    [Trait("AC", "O9")]
    public void The_redo_trigger_has_to_be_named_as_well()
    {
        DispatcherId redo = DispatcherId.TriggerOf(Mode.Redo);
        _node.Bootstrap(5, Trigger, redo);
        _node.Work(redo, Whole(0), 10, "", Mode.Redo);
        _node.Bootstrap(6, Trigger);
        Assert.NotNull(_node.Said<BootstrapResponse>().Last().Refusal);
        _node.Bootstrap(6, Trigger, redo);
        BootstrapResponse answer = _node.Said<BootstrapResponse>().Last();
        Assert.Null(answer.Refusal);
        Assert.Equal(Mode.Redo, Assert.Single(answer.Spans).Mode);
    }

    [Fact]
    [Trait("AC", "M11")]
    [Trait("AC", "M12")]
    [Trait("AC", "O5")]
    public void Fenced_it_cancels_everything_at_once_and_never_does_anything_again()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Forget();
        _node.Put(new WritePathClosed());
        Assert.IsType<CancelWritePath>(Assert.Single(_node.Done));
        _node.Forget();
        _node.Flushed(D(1), 1);
        _node.Bootstrap(6);
        _node.Hear(new CheckpointNotice(new Epoch(6), At(30)));
        _node.Hear(new CloseRequest(new Epoch(6), true));
        _node.Pass(ManagerTimes.Complete);
        Assert.Empty(_node.Done);
    }
}
