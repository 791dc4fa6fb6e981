using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Tests.Managing;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Dispatching;

public sealed class RowsTests
{
    readonly TestNode _node = new();

    public RowsTests()
    {
        _node.Bootstrap();
        _node.Work(D(1), Whole(7));
        _node.Resolved(11);
    }

    [Fact]
    [Trait("AC", "P2")]
    [Trait("AC", "P19")]
    public void The_checkpoint_waits_for_rows_to_be_durable_whatever_is_resolved()
    {
        _node.Rows(D(1), 20);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Resolved(30);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Enqueued(D(1), 1);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 1);
        Assert.Equal(At(30), _node.Checkpoint(D(1)));
    }

    [Fact]
    [Trait("AC", "P8")]
    [Trait("AC", "P19")]
    public void Rows_become_durable_in_any_order_and_the_smallest_that_is_not_counts()
    {
        foreach (ulong commit in new ulong[] { 20, 21, 22 }) Hand(commit);
        _node.Resolved(30);
        _node.Flushed(D(1), 2);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 1);
        Assert.Equal(At(22).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 1);
        _node.Flushed(D(1), 3);
        Assert.Equal(At(30), _node.Checkpoint(D(1)));
    }

    [Fact]
    [Trait("AC", "P8")]
    public void The_next_rows_are_given_when_the_sink_has_taken_all_of_the_hand_over_and_memory_comes_back_once()
    {
        _node.Rows(D(1), 20, bytes: 1);
        _node.Rows(D(1), 21, bytes: 2);
        _node.Rows(D(1), 22, bytes: 4);
        Assert.Single(_node.Of<WriteRows>(D(1)));
        _node.Enqueued(D(1), 1);
        Assert.Equal([1L, 2, 3], _node.Of<WriteRows>(D(1)).Select(w => w.Batch));
        _node.Enqueued(D(1), 2);
        _node.Enqueued(D(1), 2);
        _node.Rows(D(1), 23, bytes: 8);
        Assert.Equal(3, _node.Of<WriteRows>(D(1)).Count());
        _node.Enqueued(D(1), 3);
        Assert.Equal(4, _node.Of<WriteRows>(D(1)).Count());
        _node.Enqueued(D(1), 3);
        _node.Flushed(D(1), 3);
        Assert.Equal([1L, 6], _node.Of<ReleaseRows>(D(1)).Select(r => r.Bytes));
    }

    [Fact]
    public void A_sink_that_only_flushes_has_taken_what_it_flushed()
    {
        _node.Rows(D(1), 20);
        _node.Rows(D(1), 21);
        _node.Flushed(D(1), 1);
        Assert.Equal(2, _node.Of<WriteRows>(D(1)).Count());
        _node.Enqueued(D(1), 1);
        Assert.Single(_node.Of<ReleaseRows>(D(1)));
    }

    [Fact]
    public void A_step_in_pieces_is_beyond_the_checkpoint_until_its_last_piece_is_durable()
    {
        _node.Rows(D(1), 20, isLast: false);
        _node.Enqueued(D(1), 1);
        _node.Rows(D(1), 20, isFirst: false);
        _node.Enqueued(D(1), 2);
        _node.Flushed(D(1), 1);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 2);
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
    }

    [Fact]
    public void A_step_that_begins_anew_voids_the_pieces_that_came_before()
    {
        _node.Rows(D(1), 20, isLast: false);
        _node.Enqueued(D(1), 1);
        _node.Rows(D(1), 20);
        _node.Enqueued(D(1), 2);
        _node.Flushed(D(1), 2);
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        _node.Remove(D(1));
        Assert.Single(_node.Of<DropSpan>(D(1)));
    }

    [Fact]
    public void A_step_that_begins_anew_is_given_only_when_the_sink_has_taken_what_it_voids()
    {
        _node.Rows(D(1), 19);
        _node.Rows(D(1), 20, isLast: false);
        _node.Rows(D(1), 20);
        _node.Flushed(D(1), 1);
        Assert.Equal(2, _node.Of<WriteRows>(D(1)).Count());
        _node.Enqueued(D(1), 2);
        Assert.Equal(3, _node.Of<WriteRows>(D(1)).Count());
        _node.Flushed(D(1), 3);
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Assert.Equal(24, _node.Of<ReleaseRows>(D(1)).Sum(r => r.Bytes));
    }

    [Fact]
    public void Rows_that_were_taken_before_are_not_given_again()
    {
        Hand(20);
        _node.Rows(D(1), 20, bytes: 3);
        _node.Rows(D(1), 19, bytes: 4);
        Assert.Single(_node.Of<WriteRows>(D(1)));
        Assert.Equal([8L, 3, 4], _node.Of<ReleaseRows>(D(1)).Select(r => r.Bytes));
    }

    [Fact]
    public void Rows_that_fail_are_given_again_from_the_checkpoint_after_a_new_claim_of_the_same_owner()
    {
        Hand(20);
        Hand(21);
        _node.Resolved(30);
        _node.Put(new RowsFailed(Mode.Event, D(1), _node.OwnerOf(D(1)), 1, FaultKind.Transient));
        Assert.Single(_node.Of<CloseSession>(D(1)));
        Assert.Equal(FaultKind.Transient, _node.Ask(D(1)).Held);
        Assert.Single(_node.Of<ClaimSpan>(D(1)));
        _node.Flushed(D(1), 2);
        _node.Tick();
        Assert.Equal(2, _node.Of<ClaimSpan>(D(1)).Count());
        _node.Claimed(D(1));
        Assert.Equal(At(20).Previous, _node.Last<OpenSession>(D(1)).Start);
        Assert.Equal(FaultKind.Transient, _node.Ask(D(1)).Held);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        Hand(20);
        _node.Flushed(D(1), 1);
        Assert.Equal(At(20).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 3);
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Assert.Null(_node.Ask(D(1)).Held);
    }

    [Fact]
    public void Rows_that_fail_hold_it_until_rows_succeed_also_where_a_claim_fails_between()
    {
        Hand(20);
        _node.Put(new RowsFailed(Mode.Event, D(1), _node.OwnerOf(D(1)), 1, FaultKind.Transient));
        _node.Pass(DispatcherTimes.FirstPause);
        _node.Fail(D(1), _node.Last<ClaimSpan>(D(1)).Ticket);
        _node.Pass(2 * DispatcherTimes.FirstPause);
        _node.Claimed(D(1));
        Assert.Equal(FaultKind.Transient, _node.Ask(D(1)).Held);
        Hand(20);
        _node.Put(new RowsFailed(
            Mode.Event, D(1), _node.OwnerOf(D(1)), _node.Last<WriteRows>(D(1)).Batch, FaultKind.Transient));
        _node.Pass(3 * DispatcherTimes.FirstPause);
        Assert.Equal(3, _node.Of<ClaimSpan>(D(1)).Count());
        _node.Pass(DispatcherTimes.FirstPause);
        Assert.Equal(4, _node.Of<ClaimSpan>(D(1)).Count());
        _node.Claimed(D(1));
        Hand(20);
        _node.Flushed(D(1), _node.Last<WriteRows>(D(1)).Batch);
        Assert.Null(_node.Ask(D(1)).Held);
    }

    [Fact]
    public void What_comes_of_a_session_that_is_closed_is_dropped_and_its_memory_given_back()
    {
        ulong before = _node.SessionOf(D(1));
        Hand(20);
        _node.Put(new RowsFailed(Mode.Event, D(1), _node.OwnerOf(D(1)), 1, FaultKind.Transient));
        _node.Pass(DispatcherTimes.FirstPause);
        _node.Claimed(D(1));
        _node.Forget();
        _node.Put(new RowsArrived(Mode.Event, D(1), _node.OwnerOf(D(1)), before, new(At(25), true, true, new byte[5])));
        _node.Put(new BlockArrived(Mode.Event, D(1), _node.OwnerOf(D(1)), before, Ddl(26), Blocks(7)));
        Assert.Empty(_node.Of<WriteRows>(D(1)));
        Assert.Empty(_node.Of<FlushSink>(D(1)));
        Assert.Equal(5, Assert.Single(_node.Of<ReleaseRows>(D(1))).Bytes);
    }

    [Fact]
    public void Resolved_does_not_hold_for_what_is_excepted_nor_for_sessions_that_the_collector_did_not_know()
    {
        _node.Work(D(2), Whole(8));
        _node.Put(new ResolvedArrived(At(20), _node.SessionOf(D(1)), []));
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Assert.Equal(At(10), _node.Checkpoint(D(2)));
        _node.Resolved(30, D(1));
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Assert.Equal(At(30), _node.Checkpoint(D(2)));
        _node.Resolved(40);
        Assert.Equal(At(40), _node.Checkpoint(D(1)));
        Assert.Equal(At(40), _node.Checkpoint(D(2)));
    }

    [Fact]
    public void Who_is_excepted_again_does_not_follow_between()
    {
        _node.Work(D(2), Whole(8));
        _node.Resolved(20);
        _node.Resolved(30, D(1));
        _node.Resolved(40, D(1), D(2));
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Assert.Equal(At(30), _node.Checkpoint(D(2)));
        _node.Resolved(50, D(1));
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Assert.Equal(At(50), _node.Checkpoint(D(2)));
    }

    [Fact]
    public void An_exception_is_of_one_incarnation_in_one_mode()
    {
        TestNode node = new();
        node.Bootstrap(1, Trigger, DispatcherId.TriggerOf(Mode.Redo));
        Owner former = new(1, 3), owner = new(1, 4);
        foreach (Mode mode in new[] { Mode.Event, Mode.Redo })
        {
            node.Schedule(node.Item(ScheduleAction.Create, D(1), Whole(7), 10, owner: owner, mode: mode), mode);
            node.Claimed(D(1), mode: mode);
        }

        node.Put(new ResolvedArrived(At(20), ulong.MaxValue, [new(Mode.Redo, D(1), owner), new(Mode.Event, D(1), former)]));
        Assert.Equal(At(20), node.Checkpoint(D(1)));
        Assert.Equal(At(10), node.Checkpoint(D(1), Mode.Redo));
        node.Put(new ResolvedArrived(At(30), ulong.MaxValue, [new(Mode.Event, D(1), former)]));
        Assert.Equal(At(30), node.Checkpoint(D(1)));
        Assert.Equal(At(30), node.Checkpoint(D(1), Mode.Redo));
    }

    [Fact]
    public void A_resolved_that_is_lower_than_the_last_does_not_go_back_and_does_not_hold_for_who_has_not_heard_the_last()
    {
        _node.Resolved(30);
        _node.Work(D(2), Whole(8));
        _node.Resolved(20);
        Assert.Equal(At(30), _node.Checkpoint(D(1)));
        Assert.Equal(At(10), _node.Checkpoint(D(2)));
        Assert.Equal(At(10), _node.Watermark.Checkpoint);
        _node.Resolved(30);
        Assert.Equal(At(30), _node.Checkpoint(D(2)));
    }

    [Fact]
    public void Resolved_does_not_pass_what_lies_in_the_inbox()
    {
        _node.Rows(D(1), 20);
        _node.Rows(D(1), 25);
        _node.Resolved(30);
        _node.Rows(D(1), 35);
        _node.Flushed(D(1), 1);
        Assert.Equal([At(20), At(25), At(35)], _node.Of<WriteRows>(D(1)).Select(w => w.Rows.At));
        Assert.Equal(At(25).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 2);
        Assert.Equal(At(35).Previous, _node.Checkpoint(D(1)));
        _node.Flushed(D(1), 3);
        Assert.Equal(At(35), _node.Checkpoint(D(1)));
    }

    void Hand(ulong commit)
    {
        _node.Rows(D(1), commit);
        _node.Enqueued(D(1), _node.Last<WriteRows>(D(1)).Batch);
    }
}
