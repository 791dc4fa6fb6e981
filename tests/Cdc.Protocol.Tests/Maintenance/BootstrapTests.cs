using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class BootstrapTests
{
    const ulong Half = 1UL << 31;

    readonly MaintainerRig _rig = new();

    [Fact]
    [Trait("AC", "MaintainerBootstrapWithTablesReported")]
    [Trait("AC", "FinishBootstrap")]
    public void Every_node_is_asked_until_it_has_answered_and_then_the_tables_are_loaded()
    {
        _rig.Bootstraps(A, B);
        Assert.Equal([A, B], _rig.Tick(1).OfType<Send>().Select(static send => send.To.Node));
        _rig.Answers(A, Shows(1, 5, 5));
        Assert.Equal([B], _rig.Maintainer.WaitingFor(_rig.Now).Bootstrapping);
        Assert.Equal(B, Assert.Single(_rig.Tick(1).OfType<Send>()).To.Node);
        Assert.Equal(Ts(50), Assert.Single(_rig.Answers(B).OfType<LoadTables>()).At);
        Assert.Equal([Mode.Event], _rig.Maintainer.WaitingFor(_rig.Now).Tables);
        Assert.Empty(_rig.Loads(49, 1));
        Assert.Equal(MaintainerPhase.Loading, _rig.Maintainer.Phase);
        _rig.Loads(50, 1, 2);
        Assert.Equal(MaintainerPhase.Running, _rig.Maintainer.Phase);
        Assert.Equal("Replicating 3.5 @a 60", _rig.Of(1));
        Assert.Equal("Absent 50", _rig.Of(2));
        Assert.Equal([A, B], _rig.Tick(1).OfType<Send>()
            .Where(static send => send.Message is PostBootstrapRequest).Select(static send => send.To.Node));
    }

    [Fact]
    public void A_node_that_refuses_or_leaves_or_is_not_in_view_does_not_answer()
    {
        _rig.Bootstraps(A, B);
        _rig.Hears(A, new BootstrapResponse(Ours, [], [], "another trigger"));
        Assert.Equal([A, B], _rig.Maintainer.WaitingFor(_rig.Now).Bootstrapping);
        Assert.Equal(
            [new NodeFailure(A, FaultKind.Permanent, "another trigger")],
            Assert.Single(Said<MaintainerReport>(_rig.Tick(1))).Failures);
        _rig.Answers(C);
        _rig.Answers(A);
        _rig.Hears(A, new BootstrapResponse(Ours, [], [], "another trigger"));
        Assert.Empty(Said<MaintainerReport>(_rig.Tick(1)));
        Assert.Equal(MaintainerPhase.Bootstrapping, _rig.Maintainer.Phase);
        Assert.Single(_rig.Nodes(A).OfType<LoadTables>());
    }

    [Fact]
    public void The_table_list_is_that_of_the_trigger_where_a_node_shows_it()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 80));
        Assert.Equal(Ts(90), Assert.Single(_rig.Answers(B, ShowsTrigger(9, at: 90)).OfType<LoadTables>()).At);
        _rig.Loads(90);
        Assert.Equal("Replicating 3.9 @b 90", Of(_rig.Schedule.Trigger));
        Assert.Contains("trigger", Removes());
    }

    [Fact]
    public void A_trigger_that_nobody_shows_is_made_where_the_list_was_loaded()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A);
        _rig.Loads(50);
        Assert.Equal("create trigger 7.1 from 50", Creates());
    }

    [Fact]
    public void A_trigger_that_comes_with_a_node_while_the_list_is_loaded_has_it_loaded_again()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A);
        _rig.Nodes(A, B);
        _rig.Answers(B, ShowsTrigger(9, at: 90));
        Assert.Equal(Ts(90), Assert.Single(_rig.Loads(50, 1).OfType<LoadTables>()).At);
        _rig.Loads(90, 2);
        Assert.Equal(("", "Absent 50"), (_rig.Of(1), _rig.Of(2)));
    }

    [Fact]
    public void A_trigger_that_is_behind_the_list_is_removed_and_made_where_the_list_was_loaded()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 80));
        _rig.Answers(B, ShowsTrigger(9, at: 90));
        _rig.Nodes(A);
        _rig.Loads(90);
        Assert.Equal("Absent 90", Of(_rig.Schedule.Trigger));
        List<ScheduleItem> said =
            [.. Said<ScheduleRequest>(_rig.Tick(1)).SelectMany(static request => request.Items)];
        Assert.Equal((ScheduleAction.Remove, new Owner(3, 4)), (said[0].Action, said[0].Owner));
        Assert.Equal((ScheduleAction.Create, Ts(90)), (said[1].Action, said[1].Start));
    }

    [Fact]
    public void A_trigger_is_not_made_while_a_node_that_came_has_not_answered()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A);
        _rig.Nodes(A, B);
        _rig.Loads(50);
        Assert.Equal("", Creates());
        _rig.Answers(B);
        Assert.Equal("create trigger 7.1 from 50", Creates());
    }

    [Fact]
    public void A_span_of_a_table_that_is_not_in_the_list_is_removed_if_it_is_not_beyond_the_list()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, ShowsTrigger(4, at: 80), Shows(1, 5, 5, at: 80), Shows(2, 6, 6, at: 81));
        _rig.Loads(80);
        Assert.Equal("", _rig.Of(1));
        Assert.Equal("Replicating 3.6 @a 81", _rig.Of(2));
        Assert.Equal("d3.5", Removes());
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
        Assert.Equal("d3.6", Removes());
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
    public void Holes_are_filled_from_the_persisted_checkpoint_on()
    {
        _rig.Bootstraps(A);
        SpanSnapshot low = Shows(1, 5, 5, from: 100, to: Half), high = Shows(1, 6, 6, from: (uint)Half + 7);
        _rig.Answers(A, ShowsTrigger(4, at: 80), low, high);
        _rig.Loads(80, 1);
        Assert.Equal("Absent 50, Replicating 3.5 @a 60, Absent 50, Replicating 3.6 @a 60", _rig.Of(1));
        _rig.Schedule.Check();
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
        Assert.Equal("d3.5 d3.6", Removes());
    }

    [Fact]
    [Trait("AC", "FinishBootstrapRemovesUnexpectedOverlappingWorkingSpan")]
    [Trait("AC", "FinishBootstrapKeepsOverlapCoveredAfterMergeJournalCleanup")]
    public void Of_overlapping_incarnations_the_larger_owner_stays_and_the_others_are_removed()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, Shows(1, 5, 5));
        _rig.Answers(B, Shows(1, 6, 8, to: Half), Shows(2, 7, 2));
        _rig.Loads(50, 1, 2);
        Assert.Equal("Replicating 3.8 @b 60, Absent 50", _rig.Of(1));
        Assert.Equal("Replicating 3.2 @b 60", _rig.Of(2));
        Assert.Equal("d3.5", Removes());
    }

    [Fact]
    [Trait("AC", "FinishBootstrapSkipsStaleCreateOperatorForDroppedTable")]
    public void A_create_that_an_earlier_maintainer_said_and_nobody_shows_is_dropped()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, [], Journal(ScheduleAction.Create, OperationKind.Add, Shows(1, 5, 5)));
        _rig.Loads(50, 1);
        Assert.Equal("Absent 50", _rig.Of(1));
        Assert.Equal("", Removes());
    }

    [Theory]
    [InlineData(OperationKind.Remove)]
    [InlineData(OperationKind.Move)]
    [InlineData(OperationKind.Split)]
    [Trait("AC", "FinishBootstrapRepairsCoverageAfterRestoredStandaloneRemove")]
    [Trait("AC", "O6")]
    public void A_remove_of_an_incarnation_that_is_shown_goes_on_and_then_the_span_is_made_again(OperationKind kind)
    {
        _rig.Bootstraps(A);
        SpanSnapshot shown = Shows(1, 5, 5);
        _rig.Answers(A, [shown], Journal(ScheduleAction.Remove, kind, shown));
        _rig.Loads(50, 1);
        Assert.Equal("Scheduling 3.5 @a 60", _rig.Of(1));
        Assert.Equal("d3.5", Removes());
        _rig.Beats(A, 60, new SpanStatus(shown.Id, shown.Owner, ComponentState.Stopped, Ts(66), null, null));
        Assert.Equal("Absent 66", _rig.Of(1));
        Assert.Contains("create d3.5 7.2 from 66", Creates());
    }

    [Fact]
    public void A_remove_of_an_earlier_incarnation_than_the_one_shown_says_nothing()
    {
        _rig.Bootstraps(A);
        SpanSnapshot shown = Shows(1, 5, 5);
        _rig.Answers(A, [shown], Journal(ScheduleAction.Remove, OperationKind.Move, shown with { Owner = new(3, 4) }));
        _rig.Loads(50, 1);
        Assert.Equal("Replicating 3.5 @a 60", _rig.Of(1));
    }

    [Fact]
    [Trait("AC", "FinishBootstrapDoesNotRepairDroppedTableAfterRestoredStandaloneRemove")]
    [Trait("AC", "FinishBootstrapSkipsMergeOperatorForDroppedTable")]
    public void What_is_removed_of_a_dropped_table_is_not_made_again()
    {
        _rig.Bootstraps(A);
        SpanSnapshot shown = Shows(1, 5, 5, at: 40);
        _rig.Answers(A, [shown], Journal(ScheduleAction.Remove, OperationKind.Remove, shown));
        _rig.Loads(50);
        Assert.Equal("d3.5", Removes());
        _rig.Beats(A, 60, new SpanStatus(shown.Id, shown.Owner, ComponentState.Stopped, Ts(66), null, null));
        Assert.Empty(_rig.Schedule.All);
    }

    [Fact]
    public void A_span_that_was_being_made_is_taken_up_with_its_owner()
    {
        _rig.Bootstraps(A);
        SpanSnapshot shown = Shows(1, 5, 5, ComponentState.Initializing);
        _rig.Answers(A, shown);
        _rig.Loads(50, 1);
        Assert.Equal("Scheduling 3.5 @a 60", _rig.Of(1));
        Assert.Contains("create d3.5 3.5 from 60", Creates());
        _rig.Beats(A, 60, new SpanStatus(shown.Id, shown.Owner, ComponentState.Working, Ts(61), null, null));
        Assert.Equal("Replicating 3.5 @a 61", _rig.Of(1));
    }

    [Fact]
    [Trait("AC", "FinishBootstrapRestoresInFlightMergeWithoutDuplicateCoverage")]
    public void A_merge_whose_target_only_waits_keeps_its_sources()
    {
        _rig.Bootstraps(A);
        _rig.Answers(
            A,
            Shows(1, 5, 5, ComponentState.WaitingMerge, to: Half),
            Shows(1, 6, 6, ComponentState.WaitingMerge, from: (uint)Half),
            Shows(1, 7, 7, ComponentState.Preparing));
        _rig.Loads(50, 1);
        Assert.Equal("Scheduling 3.5 @a 60, Scheduling 3.6 @a 60", _rig.Of(1));
        Assert.Equal("d3.7", Removes());
        _rig.Beats(A, 60, new SpanStatus(new(new(3), 5), new(3, 5), ComponentState.Working, Ts(60), null, null));
        Assert.StartsWith("Replicating 3.5 @a 60, Scheduling", _rig.Of(1));
    }

    [Theory]
    [InlineData(ComponentState.Initializing, "Scheduling 3.7 @a 60")]
    [InlineData(ComponentState.Working, "Replicating 3.7 @a 60")]
    [Trait("AC", "FinishBootstrapHandlesMissingMergeSource")]
    [Trait("AC", "HandleStatusDropsTerminalSourcesCoveredByMergedSpanAfterJournalCleanup")]
    public void A_merge_whose_target_has_begun_keeps_the_target(ComponentState target, string becomes)
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, Shows(1, 5, 5, ComponentState.WaitingMerge, to: Half), Shows(1, 7, 7, target));
        _rig.Loads(50, 1);
        Assert.Equal(becomes, _rig.Of(1));
        Assert.Equal("d3.5", Removes());
        _rig.Beats(A, 60, new SpanStatus(new(new(3), 5), new(3, 5), ComponentState.Stopped, Ts(60), null, null));
        Assert.Equal(becomes, _rig.Of(1));
    }

    [Fact]
    public void A_parked_table_is_kept_out_and_what_runs_of_it_is_removed()
    {
        _rig.Nodes(A);
        _rig.Hears(Grant(parked: 1));
        _rig.Answers(A, Shows(1, 5, 5, at: 99));
        _rig.Loads(50, 1, 2);
        Assert.Equal(("", "Absent 50"), (_rig.Of(1), _rig.Of(2)));
        Assert.Equal("d3.5", Removes());
    }

    [Fact]
    public void Nothing_is_told_to_be_durable_before_every_node_with_spans_has_said_how_far_it_is()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 60), Shows(1, 5, 5));
        _rig.Answers(B, Shows(2, 6, 6));
        _rig.Loads(60, 1, 2);
        _rig.Beats(A, 90);
        _rig.Tick();
        Assert.Equal(Ts(50), _rig.Maintainer.Tenure!.Committed);
        Assert.Equal([B], _rig.Maintainer.WaitingFor(_rig.Now).Watermarks);
        _rig.Beats(B, 70);
        _rig.Tick();
        Assert.Equal(Ts(70), _rig.Maintainer.Tenure!.Committed);
    }

    [Fact]
    [Trait("AC", "MaintainerSchedulesNodeChanges")]
    public void A_node_that_comes_later_is_asked_alone_and_what_it_has_that_is_elsewhere_or_nowhere_is_removed()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, ShowsTrigger(4, at: 60), Shows(1, 5, 5));
        _rig.Loads(60, 1);
        _rig.Tick();
        _rig.Nodes(A, B);
        Assert.Equal(B, Assert.Single(_rig.Tick().OfType<Send>(), static s => s.Message is BootstrapRequest).To.Node);
        _rig.Beats(B, 9, new SpanStatus(new(new(3), 8), new(3, 8), ComponentState.Working, Ts(9), null, null));
        _rig.Answers(B, Shows(1, 5, 4), Shows(2, 8, 8));
        Assert.Equal("d3.5 d3.8", Removes());
        Assert.Equal("Replicating 3.5 @a 60", _rig.Of(1));
    }

    [Fact]
    public void A_node_that_left_and_comes_back_keeps_what_was_not_made_elsewhere()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Answers(B, Shows(1, 5, 5));
        _rig.Loads(60, 1);
        _rig.Nodes(A);
        Assert.Equal("Absent 60", _rig.Of(1));
        _rig.Nodes(A, B);
        SpanSnapshot create = Shows(1, 6, 6) with { Owner = new(7, 9) };
        SpanSnapshot shown = Shows(1, 5, 5, at: 61);
        _rig.Answers(B, [shown], Journal(ScheduleAction.Create, OperationKind.Add, create));
        Assert.Contains("create d3.5 3.5 from 61", Creates());
        _rig.Beats(B, 61, new SpanStatus(shown.Id, shown.Owner, ComponentState.Working, shown.Checkpoint, null, null));
        Assert.Equal("Replicating 3.5 @b 61", _rig.Of(1));
    }

    [Fact]
    public void A_watermark_from_before_a_span_was_made_does_not_count_for_it_when_its_node_comes_back()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Loads(60, 1);
        _rig.Beats(A, 60);
        ScheduleItem made = Assert.Single(Items(ScheduleAction.Create));
        _rig.Nodes();
        _rig.Nodes(A);
        SpanSnapshot trigger = ShowsTrigger(4, at: 99);
        _rig.Answers(A, trigger, Shows(1, 5, 5, at: 61) with { Id = made.Id, Owner = made.Owner });
        _rig.Hears(A, new Heartbeat(Ours, Mode.Event, new(1, Ts(99)), [], false, []));
        _rig.Tick();
        Assert.Equal(Ts(61), _rig.Maintainer.Tenure!.Committed);
        _rig.Beats(
            A, 70,
            new SpanStatus(trigger.Id, trigger.Owner, ComponentState.Working, Ts(99), null, null),
            new SpanStatus(made.Id, made.Owner, ComponentState.Working, Ts(61), null, null));
        _rig.Tick();
        Assert.Equal(Ts(70), _rig.Maintainer.Tenure!.Committed);
    }

    [Fact]
    public void A_node_that_comes_back_is_not_believed_to_have_what_is_known_to_have_ended()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Answers(B, Shows(1, 5, 5));
        _rig.Loads(60, 1);
        _rig.Beats(B, 60, new SpanStatus(new(new(3), 5), new(3, 5), ComponentState.Stopped, Ts(60), null, null));
        _rig.Nodes(A);
        _rig.Nodes(A, B);
        _rig.Answers(B, Shows(1, 5, 5, at: 61));
        Assert.Equal("Absent 60", _rig.Of(1));
    }

    string Removes() => string.Join(" ", Items(ScheduleAction.Remove).Select(static item => item.Id.ToString()));

    string Creates() => string.Join("; ", Items(ScheduleAction.Create).Select(static item =>
        $"create {item.Id} {item.Owner} from {item.Start.Commit}"));

    List<ScheduleItem> Items(ScheduleAction action) =>
        [.. Said<ScheduleRequest>(_rig.Tick(1)).SelectMany(static r => r.Items).Where(item => item.Action == action)];
}
