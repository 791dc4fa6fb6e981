using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>What the nodes show of a table is taken over, filled up, or removed.</summary>
public sealed class AdoptionTests
{
    readonly MaintainerRig _rig = new();

    [Fact]
    public void A_span_of_a_table_that_is_not_in_the_list_is_removed_if_it_is_not_beyond_the_list()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, ShowsTrigger(4, at: 80), Shows(1, 5, 5, at: 80), Shows(2, 6, 6, at: 81));
        _rig.Loads(80);
        Assert.Equal("", _rig.Of(1));
        Assert.Equal("Replicating 3.6 @a 81", _rig.Of(2));
        Assert.Equal("d3.5", _rig.Removes());
    }

    [Fact]
    public void A_table_that_was_taken_over_as_made_later_goes_if_the_trigger_comes_there_without_reporting_it()
    {
        _rig.Bootstraps(A);
        SpanSnapshot trigger = ShowsTrigger(4, at: 80);
        _rig.Answers(A, trigger, Shows(2, 6, 6, at: 90));
        _rig.Loads(80);
        _rig.Beats(A, 80, new SpanStatus(Trigger, trigger.Owner, ComponentState.Working, Ts(89), null, null));
        _rig.Tick();
        Assert.Equal("Replicating 3.6 @a 90", _rig.Of(2));
        _rig.Beats(A, 80, new SpanStatus(Trigger, trigger.Owner, ComponentState.Working, Ts(90), null, null));
        Assert.Equal("d3.6", _rig.Removes());
        Assert.Equal("", _rig.Of(2));
    }

    [Fact]
    public void A_table_that_was_taken_over_as_made_later_stays_when_the_trigger_reports_it()
    {
        _rig.Bootstraps(A);
        SpanSnapshot trigger = ShowsTrigger(4, at: 80);
        _rig.Answers(A, trigger, Shows(2, 6, 6, at: 90));
        _rig.Loads(80);
        BlockPayload create = BlockPayload.Of(new Influence.Normal([TableId.Trigger])) with
        {
            Added = [new(new(2), "shop", true)],
        };
        _rig.Hears(A, new BlockStatusRequest(Ours, Mode.Event,
            [new(Trigger, trigger.Owner, new(Ts(85), false), BlockStage.Scheduled, null, create)]));
        _rig.Beats(A, 90, new SpanStatus(Trigger, trigger.Owner, ComponentState.Working, Ts(99), null, null));
        _rig.Tick();
        Assert.Equal("Replicating 3.6 @a 90", _rig.Of(2));
        Assert.True(_rig.Schedule.Spans.Table(new(2))!.IsSplittable);
    }

    [Fact]
    [Trait("AC", "MapFindHole")]
    [Trait("AC", "SplitTableWhenBootstrapFinished")]
    public void A_table_of_which_nobody_has_a_part_is_made_whole_from_the_persisted_checkpoint_on()
    {
        _rig.Bootstraps(A);
        SpanSnapshot low = Shows(1, 5, 5, from: 100, to: Middle), high = Shows(1, 6, 6, from: (uint)Middle);
        SpanSnapshot first = Shows(2, 7, 7, to: Middle), second = Shows(2, 8, 8, from: (uint)Middle);
        SpanSnapshot left = Shows(3, 9, 9, to: Middle - 1), right = Shows(3, 10, 10, from: (uint)Middle);
        _rig.Answers(A, ShowsTrigger(4, at: 80), low, high, first, second, left, right, Shows(4, 11, 11, to: Middle));
        _rig.Loads(80, 1, 2, 3, 4);
        Assert.Equal("Replicating 3.7 @a 60, Replicating 3.8 @a 60", _rig.Of(2));
        Assert.Equal(("Absent 50", "Absent 50", "Absent 50"), (_rig.Of(1), _rig.Of(3), _rig.Of(4)));
        Assert.Equal("d3.5 d3.6 d3.9 d3.10 d3.11", _rig.Removes());
    }

    [Fact]
    public void A_span_behind_the_persisted_checkpoint_did_not_bring_it_there_and_is_made_again()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 80), Shows(1, 5, 9, at: 40), Shows(2, 6, 6, at: 49));
        _rig.Answers(B, Shows(1, 7, 8));
        _rig.Loads(80, 1, 2);
        Assert.Equal("Replicating 3.8 @b 60", _rig.Of(1));
        Assert.Equal("Absent 50", _rig.Of(2));
        Assert.Equal("d3.5 d3.6", _rig.Removes());
    }

    [Fact]
    [Trait("AC", "FinishBootstrapRemovesUnexpectedOverlappingWorkingSpan")]
    [Trait("AC", "FinishBootstrapKeepsOverlapCoveredAfterMergeJournalCleanup")]
    public void Of_overlapping_incarnations_the_larger_owner_stays_and_the_others_are_removed()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, Shows(1, 5, 5));
        _rig.Answers(B, Shows(1, 6, 8, to: Middle), Shows(2, 7, 2));
        _rig.Loads(50, 1, 2);
        Assert.Equal("Absent 50", _rig.Of(1));
        Assert.Equal("Replicating 3.2 @b 60", _rig.Of(2));
        Assert.Equal("d3.5 d3.6", _rig.Removes());
    }

    [Fact]
    public void A_span_that_was_being_made_is_taken_up_with_its_owner()
    {
        _rig.Bootstraps(A);
        SpanSnapshot shown = Shows(1, 5, 5, ComponentState.Initializing);
        _rig.Answers(A, shown);
        _rig.Loads(50, 1);
        Assert.Equal("Scheduling 3.5 @a 60", _rig.Of(1));
        Assert.Contains("create d3.5 3.5 from 60", _rig.Creates());
        _rig.Beats(A, 60, new SpanStatus(shown.Id, shown.Owner, ComponentState.Working, Ts(61), null, null));
        Assert.Equal("Replicating 3.5 @a 61", _rig.Of(1));
    }

    [Fact]
    public void A_parked_table_is_kept_out_and_what_runs_of_it_is_removed()
    {
        _rig.Nodes(A);
        _rig.Hears(Grant(parked: 1));
        _rig.Answers(A, Shows(1, 5, 5, at: 99));
        _rig.Loads(50, 1, 2);
        Assert.Equal(("", "Absent 50"), (_rig.Of(1), _rig.Of(2)));
        Assert.Equal("d3.5", _rig.Removes());
    }

    [Fact]
    public void A_span_that_was_taken_over_is_created_again_where_it_is_before_its_table_is_split()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(B, Shows(1, 5, 5));
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Loads(60, 1);

        // Somebody else may have claimed it since, and be gone: its sink knows where the table really is.
        Assert.False(Splits());
        Assert.Equal("Scheduling 3.5 @b 60", _rig.Of(1));
        ScheduleRequest remove = Asked(ScheduleAction.Remove);
        Assert.Equal(OperationKind.Move, remove.Items[0].Operation);
        _rig.Works(B, remove, watermark: 60);
        ScheduleItem create = Assert.Single(Asked(ScheduleAction.Create).Items);
        Assert.Equal((new DispatcherId(new Epoch(3), 5), Ts(60)), (create.Id, create.Start));
        _rig.Beats(B, 60, new SpanStatus(create.Id, create.Owner, ComponentState.Working, Ts(80), null, null));
        Assert.Equal($"Replicating {create.Owner} @b 80", _rig.Of(1));
        Assert.Equal(Ours.Value, create.Owner.Epoch);

        // What forbids it may lie before where the sink has it: the trigger has to come there.
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(79));
        Assert.False(Splits());
        Assert.Equal($"Replicating {create.Owner} @b 80", _rig.Of(1));
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(80));
        Assert.True(Splits());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_part_that_was_taken_over_is_not_created_again_its_table_is_made_whole(bool hasLeft)
    {
        TakesOverParts();
        if (hasLeft) _rig.Nodes(A);
        else _rig.Beats(B, 50, new SpanStatus(new(new Epoch(3), 6), new(3, 6), ComponentState.Stopped, Ts(70), null, null));

        // A later owner may have merged them, passed an event that needs the table whole, and be gone.
        MadeWhole();
    }

    [Fact]
    public void A_table_that_was_taken_over_in_parts_and_runs_nowhere_is_made_whole_once()
    {
        TakesOverParts();
        _rig.Nodes(A, B, C);
        _rig.Answers(C);
        _rig.Nodes(C);
        _rig.Tick();
        SpanTask whole = Assert.Single(_rig.Schedule.OfTable(new(1)));
        Assert.Equal((TaskState.Scheduling, C, Ts(60)), (whole.State, whole.Node, whole.Checkpoint));
    }

    [Fact]
    public void A_part_that_was_taken_over_is_not_moved_its_table_is_made_whole_elsewhere()
    {
        TakesOverParts();
        SpanTask high = _rig.Schedule.OfTable(new(1))[1];
        _rig.Schedule.Move(high, A, _rig.Now);
        _rig.Works(B, Assert.Single(Said<ScheduleRequest>(_rig.Tick())), watermark: 60);
        MadeWhole();
    }

    [Fact]
    public void Parts_that_were_taken_over_stay_as_they_are_and_balance_has_patience_with_them()
    {
        TakesOverParts();
        _rig.Nodes(A, B, C);
        _rig.Answers(C);
        TimeSpan began = _rig.Now;
        while (_rig.Now - began < SchedulingLimits.BalancePatience) Assert.Equal("", _rig.Removes());
        Assert.Equal("Replicating 3.5 @a 60, Replicating 3.6 @b 70", _rig.Of(1));
        for (int seconds = 0; seconds <= SchedulingLimits.BalanceInterval.TotalSeconds; seconds++) _rig.Tick(1);
        Assert.Equal("Scheduling 3.5 @a 60, Replicating 3.6 @b 70", _rig.Of(1));
    }

    /// <summary>From where both parts are; the one that still runs is removed.</summary>
    void MadeWhole()
    {
        List<ScheduleItem> said = [.. Said<ScheduleRequest>(_rig.Tick()).SelectMany(static each => each.Items)];
        Assert.Contains(said, static item => item is { Action: ScheduleAction.Remove, Id.Number: 5 });
        ScheduleItem create = Assert.Single(said, static item => item.Action == ScheduleAction.Create);
        Assert.Equal((true, Ts(60), Ours.Value), (create.Span.IsWhole, create.Start, create.Owner.Epoch));
        SpanTask whole = Assert.Single(_rig.Schedule.OfTable(new(1)));
        Assert.Equal((create.Id, create.Owner), (whole.Id, whole.Owner));
    }

    void TakesOverParts()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 50), Shows(1, 5, 5, to: Middle));
        _rig.Answers(B, Shows(1, 6, 6, at: 70, from: (uint)Middle));
        _rig.Loads(50, 1);
    }

    bool Splits() => _rig.Schedule.Reshaping.Split(new(1), 2, _rig.Now);

    /// <summary>The one request of this second with an item of the kind.</summary>
    ScheduleRequest Asked(ScheduleAction action) => Assert.Single(
        Said<ScheduleRequest>(_rig.Tick(1)), request => request.Items.Any(item => item.Action == action));
}
