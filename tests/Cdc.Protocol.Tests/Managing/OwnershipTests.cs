using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

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
        Assert.Equal((new Epoch(7), true), (_node.Said<CloseResponse>().Last().Epoch, _node.Said<CloseResponse>().Last().IsClosed));
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
    public void Nobody_speaks_with_epoch_0()
    {
        _node.Bootstrap(0);
        _node.Hear(new CloseRequest(Protocol.Epoch.None, true));
        Assert.Empty(_node.Done);
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
