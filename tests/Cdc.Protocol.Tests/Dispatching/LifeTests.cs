using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Tests.Managing;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Dispatching;

public sealed class LifeTests
{
    readonly TestNode _node = new();

    public LifeTests() => _node.Bootstrap();

    [Theory]
    [InlineData(null, 10ul)]
    [InlineData(9ul, 10ul)]
    [InlineData(15ul, 15ul)]
    public void It_starts_at_the_later_of_what_it_was_told_and_what_the_sink_has(ulong? position, ulong start)
    {
        _node.Create(D(1), Whole(7), 10);
        Assert.Equal(ComponentState.Initializing, _node.Ask(D(1)).State);
        _node.Claimed(D(1), position is { } at ? At(at) : null);
        Assert.Equal(At(start), Assert.Single(_node.Of<OpenSession>(D(1))).Start);
        Assert.Equal(ComponentState.Working, _node.Ask(D(1)).State);
        Assert.Equal(At(start), _node.Checkpoint(D(1)));
    }

    [Fact]
    public void A_claim_that_is_refused_ends_it()
    {
        _node.Create(D(1), Whole(7));
        _node.Put(new OwnerRefused(Mode.Event, D(1), _node.OwnerOf(D(1))));
        _node.Tick();
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(1))!.Value.State);
        Assert.Single(_node.Of<DropSpan>(D(1)));
        Assert.Null(_node.Manager.CheckpointOf(Mode.Event, D(1)));
    }

    [Fact]
    public void A_claim_that_fails_is_tried_again()
    {
        _node.Create(D(1), Whole(7));
        _node.Fail(D(1), _node.Last<ClaimSpan>(D(1)).Ticket);
        Assert.Equal(FaultKind.Transient, _node.Ask(D(1)).Held);
        Assert.Equal(2, _node.Of<ClaimSpan>(D(1)).Count());
        _node.Claimed(D(1));
        Assert.Null(_node.Ask(D(1)).Held);
    }

    [Fact]
    [Trait("AC", "P7")]
    public void Removed_it_gives_up_its_session_at_once_and_stops_when_the_sink_has_nothing_of_it()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 20, bytes: 3);
        _node.Rows(D(1), 21, bytes: 5);
        _node.Remove(D(1));
        Assert.Single(_node.Of<CloseSession>(D(1)));
        Assert.Equal(8, _node.Of<ReleaseRows>(D(1)).Sum(r => r.Bytes));
        Assert.Equal(ComponentState.Stopping, _node.Ask(D(1)).State);
        Assert.Empty(_node.Of<DropSpan>(D(1)));
        _node.Flushed(D(1), 1);
        Assert.Single(_node.Of<DropSpan>(D(1)));
        _node.Tick();
        SpanStatus status = _node.StatusOf(D(1))!.Value;
        Assert.Equal((ComponentState.Stopped, At(20)), (status.State, status.Checkpoint));
        Assert.Single(_node.Of<WriteRows>(D(1)));
    }

    [Fact]
    [Trait("AC", "P7")]
    public void A_sink_that_fails_has_nothing_of_it()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 20);
        _node.Remove(D(1));
        _node.Put(new RowsFailed(Mode.Event, D(1), _node.OwnerOf(D(1)), 1, FaultKind.Permanent));
        Assert.Single(_node.Of<DropSpan>(D(1)));
        _node.Tick();
        Assert.Equal(At(20).Previous, _node.StatusOf(D(1))!.Value.Checkpoint);
    }

    [Fact]
    public void A_step_without_its_last_piece_is_not_waited_for()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 20, isLast: false);
        _node.Enqueued(D(1), 1);
        _node.Remove(D(1));
        Assert.Single(_node.Of<DropSpan>(D(1)));
        _node.Tick();
        Assert.Equal(At(20).Previous, _node.StatusOf(D(1))!.Value.Checkpoint);
    }

    [Fact]
    public void Removed_while_it_writes_an_event_it_finishes_and_says_so_first()
    {
        _node.Work(D(1), Whole(7));
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Remove(D(1));
        Assert.Empty(_node.Of<DropSpan>(D(1)));
        _node.Written(D(1));
        Assert.Single(_node.Of<DropSpan>(D(1)));
        _node.Tick();
        Assert.Equal("Waiting 20, Done 20", _node.ReportsOf(D(1)));
        Assert.Equal(At(20), _node.StatusOf(D(1))!.Value.Checkpoint);
    }

    [Fact]
    public void Removed_while_it_waits_it_forgets_the_event()
    {
        _node.Work(D(1), Whole(7));
        _node.Rows(D(1), 15);
        _node.Enqueued(D(1), 1);
        _node.Wait(D(1), Ddl(20), Blocks(7, 8));
        _node.Create(D(2), Whole(8));
        _node.Remove(D(1));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Empty(_node.Of<WriteBlock>(D(1)));
        Assert.Equal("Waiting 20", _node.ReportsOf(D(1)));
        Assert.Equal(At(20).Previous, _node.StatusOf(D(1))!.Value.Checkpoint);
    }

    [Fact]
    public void One_that_ends_without_being_told_stays_in_the_watermark_until_it_is_removed()
    {
        _node.Work(D(1), Whole(7), 10);
        _node.Work(D(2), Whole(8), 10);
        _node.Resolved(20);
        _node.Put(new OwnerRefused(Mode.Event, D(1), _node.OwnerOf(D(1))));
        _node.Resolved(30);
        Assert.Equal(At(20), _node.Watermark.Checkpoint);
        Assert.Equal(ComponentState.Stopped, _node.Ask(D(1)).State);
        _node.Remove(D(1));
        Assert.Equal(At(30), _node.Watermark.Checkpoint);
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(1))!.Value.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_is_refused_for_each_thing_it_gave_to_the_sink_is_kept_all_the_same(bool writes)
    {
        _node.Work(D(1), Whole(7), 10);
        _node.Work(D(2), Whole(8), 10);
        _node.Resolved(20);
        if (writes)
        {
            _node.Wait(D(1), Ddl(25), Blocks(7, 8));
            _node.Instruct(InstructionKind.Write, Ddl(25), D(1));
        }

        for (int i = 0; i < 3; i++) _node.Put(new OwnerRefused(Mode.Event, D(1), _node.OwnerOf(D(1))));
        if (writes) _node.Fail(D(1), _node.Last<WriteBlock>(D(1)).Ticket);
        _node.Resolved(30);
        Assert.Equal(writes ? At(25).Previous : At(20), _node.Watermark.Checkpoint);
        Assert.Equal(ComponentState.Stopped, _node.Ask(D(1)).State);
        Assert.Single(_node.Of<DropSpan>(D(1)));
    }

    [Fact]
    public void A_copy_goes_first_and_events_come_when_it_is_told_to_start()
    {
        _node.Schedule(_node.Item(ScheduleAction.Create, D(1), Whole(7), 10, copies: true));
        _node.Claimed(D(1), At(90));
        Assert.Equal(ComponentState.Copying, _node.Ask(D(1)).State);
        CopySpan copy = Assert.Single(_node.Of<CopySpan>(D(1)));
        _node.Put(new CopyFinished(Mode.Event, D(1), copy.Owner, copy.Ticket, At(50)));
        SpanStatus copied = _node.Ask(D(1));
        Assert.Equal((ComponentState.Copying, At(50), At(50)), (copied.State, copied.Copied, copied.Checkpoint));
        Assert.Empty(_node.Of<OpenSession>(D(1)));
        _node.Schedule(_node.Item(ScheduleAction.Create, D(1), Whole(7), 50, owner: copy.Owner));
        Assert.Equal(At(50), Assert.Single(_node.Of<OpenSession>(D(1))).Start);
        Assert.Equal(ComponentState.Working, _node.Ask(D(1)).State);
    }

    [Fact]
    public void A_copy_that_fails_is_tried_again_and_one_that_is_removed_is_given_up()
    {
        _node.Schedule(_node.Item(ScheduleAction.Create, D(1), Whole(7), 10, copies: true));
        _node.Claimed(D(1));
        _node.Fail(D(1), _node.Last<CopySpan>(D(1)).Ticket);
        _node.Pass(DispatcherTimes.FirstPause);
        Assert.Equal(2, _node.Of<CopySpan>(D(1)).Count());
        _node.Remove(D(1));
        Assert.Equal(_node.Last<CopySpan>(D(1)).Ticket, Assert.Single(_node.Of<StopCopy>(D(1))).Ticket);
        Assert.Empty(_node.Of<DropSpan>(D(1)));
        _node.Fail(D(1), _node.Last<CopySpan>(D(1)).Ticket);
        Assert.Single(_node.Of<DropSpan>(D(1)));
    }
}
