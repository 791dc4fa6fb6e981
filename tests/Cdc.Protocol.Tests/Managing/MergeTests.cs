using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

public sealed class MergeTests
{
    static readonly TableId Table = new(7);
    readonly TestNode _node = new();

    public MergeTests()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), new TableSpan(Table, 0, 10), 10);
        _node.Work(D(2), new TableSpan(Table, 10, 20), 12);
        _node.Work(D(3), new TableSpan(Table, 20, TableSpan.HashEnd), 14);
    }

    [Fact]
    [Trait("AC", "M7")]
    [Trait("AC", "M8")]
    public void Three_that_lie_side_by_side_become_one_that_starts_at_the_smallest()
    {
        Merge([D(1), D(2), D(3)]);
        Assert.Equal(3, _node.Done.OfType<CloseSession>().Count());
        Assert.Equal(3, _node.Done.OfType<DropSpan>().Count());
        _node.Claimed(D(9));
        Assert.Equal(At(10), _node.Last<OpenSession>(D(9)).Start);
        _node.Tick();
        Assert.Equal(ComponentState.Working, _node.StatusOf(D(9))!.Value.State);
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(1))!.Value.State);
        Assert.Equal(At(10), _node.Watermark.Checkpoint);
    }

    [Fact]
    [Trait("AC", "M7")]
    [Trait("AC", "M9")]
    public void Until_the_sources_have_nothing_in_flight_they_stay_and_the_target_counts_for_nothing()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        Assert.Equal(At(10), _node.Watermark.Checkpoint);
        Assert.Equal(ComponentState.WaitingMerge, _node.Ask(D(1)).State);
        Assert.Equal(ComponentState.Preparing, _node.Ask(D(9)).State);
        _node.Bootstrap(5);
        Assert.Equal(D(9), _node.Said<BootstrapResponse>().Last().Operations.Single().Merge!.Id);
        Assert.Empty(_node.Of<ClaimSpan>(D(9)));
        _node.Flushed(D(2), 1);
        Assert.Single(_node.Of<ClaimSpan>(D(9)));
        _node.Bootstrap(5);
        Assert.Single(_node.Said<BootstrapResponse>().Last().Operations);
        _node.Claimed(D(9));
        _node.Bootstrap(5);
        Assert.Empty(_node.Said<BootstrapResponse>().Last().Operations);
    }

    [Fact]
    public void Sources_that_wait_at_one_event_give_a_start_just_before_it()
    {
        foreach (DispatcherId id in new[] { D(1), D(2), D(3) }) _node.Wait(id, Ddl(20), Blocks(7));
        Merge([D(1), D(2), D(3)]);
        _node.Claimed(D(9));
        Assert.Equal(At(20).Previous, _node.Last<OpenSession>(D(9)).Start);
        _node.Forget();
        _node.Pass(DispatcherTimes.Repeat);
        Assert.Empty(_node.Reports);
    }

    [Theory]
    [Trait("AC", "M7")]
    [InlineData("one source")]
    [InlineData("a hole")]
    [InlineData("wrong order")]
    [InlineData("not here")]
    [InlineData("not working")]
    [InlineData("another span")]
    [InlineData("another table")]
    [InlineData("a trigger")]
    public void What_can_not_be_merged_is_left_as_it_is_and_the_target_is_answered_stopped(string why)
    {
        TableId other = new(8);
        if (why == "not working") _node.Create(D(4), new TableSpan(other, 0, 10));
        if (why == "one source") _node.Work(D(4), TableSpan.Whole(other));
        if (why == "another table")
        {
            _node.Work(D(4), new TableSpan(other, 0, 10));
            _node.Work(D(5), new TableSpan(other, 10, TableSpan.HashEnd));
        }

        DispatcherId[] sources = why switch
        {
            "one source" => [D(4)],
            "another table" => [D(4), D(5)],
            "a trigger" => [D(1), D(2), D(3)],
            "a hole" => [D(1), D(3)],
            "wrong order" => [D(2), D(1), D(3)],
            "not here" => [D(1), D(2), D(8)],
            "not working" => [D(1), D(4)],
            _ => [D(1), D(2)],
        };
        DispatcherId target = why == "a trigger" ? default : D(9);
        _node.Forget();
        Merge(sources, TableSpan.Whole(why == "one source" ? other : Table), id: target);
        _node.Tick();
        Assert.Empty(_node.Done.OfType<DispatcherEffect>());
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(target)!.Value.State);
        Assert.Equal(ComponentState.Working, _node.Ask(D(1)).State);
    }

    [Fact]
    public void A_source_that_is_held_or_has_no_session_yet_is_not_merged()
    {
        _node.Rows(D(2), 15);
        _node.Put(new RowsFailed(Mode.Event, D(2), _node.OwnerOf(D(2)), 1, FaultKind.Transient));
        _node.Pass(DispatcherTimes.FirstPause);
        _node.Claimed(D(2));
        _node.Forget();
        Merge([D(1), D(2), D(3)]);
        Assert.Empty(_node.Done.OfType<DispatcherEffect>());
        _node.Rows(D(2), 15);
        _node.Flushed(D(2), _node.Last<WriteRows>(D(2)).Batch);
        Merge([D(1), D(2), D(3)], number: 901);
        Assert.Equal(3, _node.Done.OfType<CloseSession>().Count());
    }

    [Fact]
    public void Given_back_and_not_claimed_yet_it_is_not_merged()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        _node.Remove(D(9));
        _node.Flushed(D(2), 1);
        _node.Forget();
        Merge([D(1), D(2), D(3)], number: 901);
        Assert.Empty(_node.Done.OfType<DispatcherEffect>());
        foreach (DispatcherId id in new[] { D(1), D(2), D(3) }) _node.Claimed(id);
        _node.Forget();
        Merge([D(1), D(2), D(3)], number: 902);
        Assert.Equal(3, _node.Done.OfType<CloseSession>().Count());
    }

    [Fact]
    public void A_merge_that_comes_again_behind_its_end_begins_nothing()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        _node.Remove(D(9));
        _node.Flushed(D(2), 1);
        foreach (DispatcherId id in new[] { D(1), D(2), D(3) }) _node.Claimed(id);
        _node.Forget();
        Merge([D(1), D(2), D(3)]);
        _node.Tick();
        Assert.Empty(_node.Done.OfType<DispatcherEffect>());
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(9))!.Value.State);
    }

    [Fact]
    public void A_target_that_waits_counts_for_nothing_also_where_it_is_told_something()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        _node.Instruct(InstructionKind.Pass, Ddl(9), new Addressees.All());
        Assert.Equal(At(10), _node.Watermark.Checkpoint);
    }

    [Fact]
    public void A_close_gives_a_merge_up_and_claims_nothing_again_for_it()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        _node.Forget();
        _node.Hear(new CloseRequest(new Epoch(5), false));
        Assert.Empty(_node.Done.OfType<ClaimSpan>());
        _node.Flushed(D(2), 1);
        Assert.True(_node.Said<CloseResponse>().Last().IsClosed);
    }

    [Fact]
    public void A_merge_that_was_refused_is_not_begun_by_a_request_that_comes_late()
    {
        _node.Remove(D(3));
        _node.Create(D(3), new TableSpan(Table, 20, TableSpan.HashEnd));
        Merge([D(1), D(2), D(3)]);
        _node.Claimed(D(3));
        _node.Forget();
        Merge([D(1), D(2), D(3)]);
        Assert.Empty(_node.Done.OfType<DispatcherEffect>());
        _node.Tick();
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(9))!.Value.State);
        Assert.Equal(ComponentState.Working, _node.Ask(D(1)).State);
    }

    [Fact]
    [Trait("AC", "M8")]
    public void A_source_that_is_removed_gives_the_merge_up_and_the_others_go_on()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        _node.Forget();
        _node.Remove(D(2));
        Assert.Single(_node.Of<DropSpan>(D(9)));
        _node.Claimed(D(1));
        _node.Claimed(D(3));
        Assert.Equal(At(10), _node.Last<OpenSession>(D(1)).Start);
        Assert.Equal(ComponentState.Working, _node.Ask(D(3)).State);
        _node.Flushed(D(2), 1);
        _node.Tick();
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(2))!.Value.State);
        Assert.Equal(ComponentState.Stopped, _node.StatusOf(D(9))!.Value.State);
        Assert.Empty(_node.Of<ClaimSpan>(D(9)));
    }

    [Fact]
    [Trait("AC", "M8")]
    public void A_target_that_is_removed_before_it_has_its_start_gives_the_sources_back()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        Owner target = new(5, 900);
        _node.Schedule(_node.Item(ScheduleAction.Remove, D(9), TableSpan.Whole(Table), owner: target));
        _node.Flushed(D(2), 1);
        _node.Claimed(D(2));
        Assert.Equal(ComponentState.Working, _node.Ask(D(2)).State);
        Assert.Equal(At(15), _node.Last<OpenSession>(D(2)).Start);
    }

    [Fact]
    [Trait("AC", "M8")]
    public void A_source_that_another_owner_fences_gives_the_merge_up()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)]);
        _node.Put(new OwnerRefused(Mode.Event, D(2), _node.OwnerOf(D(2))));
        Assert.Empty(_node.Of<ClaimSpan>(D(9)));
        _node.Claimed(D(1));
        Assert.Equal(ComponentState.Working, _node.Ask(D(1)).State);
    }

    [Fact]
    public void A_source_that_writes_an_event_finishes_it_first()
    {
        _node.Wait(D(1), Ddl(20), Blocks(7));
        _node.Instruct(InstructionKind.Write, Ddl(20), D(1));
        Merge([D(1), D(2), D(3)]);
        Assert.Empty(_node.Of<ClaimSpan>(D(9)));
        _node.Written(D(1));
        Assert.Single(_node.Of<ClaimSpan>(D(9)));
        _node.Tick();
        Assert.Equal("Waiting 20, Done 20", _node.ReportsOf(D(1)));
    }

    [Fact]
    [Trait("AC", "M10")]
    public void The_same_request_again_or_of_an_old_epoch_changes_nothing()
    {
        _node.Rows(D(2), 15);
        Merge([D(1), D(2), D(3)], epoch: 4);
        Assert.Empty(_node.Done.OfType<CloseSession>());
        Merge([D(1), D(2), D(3)]);
        Merge([D(1), D(2), D(3)]);
        Assert.Equal(3, _node.Done.OfType<CloseSession>().Count());
        Merge([D(1), D(2), D(3)], id: default);
        Assert.Null(_node.Manager.CheckpointOf(Mode.Event, default));
    }

    void Merge(
        DispatcherId[] sources, TableSpan? span = null, ulong epoch = 5, DispatcherId? id = null, ulong number = 900)
    {
        DispatcherId target = id ?? D(9);
        TableSpan whole = span ?? TableSpan.Whole(Table);
        // So that the node knows the owner.
        _node.Item(ScheduleAction.Create, target, whole, owner: new Owner(5, number));
        _node.Hear(new MergeRequest(
            new Epoch(epoch), Mode.Event, new(target, new Owner(5, number), whole, "shop", [.. sources])));
    }
}
