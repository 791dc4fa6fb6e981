using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>What an earlier maintainer had begun is ended, or forgotten.</summary>
public sealed class UnfinishedOperationTests
{
    readonly MaintainerRig _rig = new();

    [Fact]
    [Trait("AC", "FinishBootstrapSkipsStaleCreateOperatorForDroppedTable")]
    public void A_create_that_an_earlier_maintainer_said_and_nobody_shows_is_dropped()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, [], Journal(ScheduleAction.Create, OperationKind.Add, Shows(1, 5, 5)));
        _rig.Loads(50, 1);
        Assert.Equal("Absent 50", _rig.Of(1));
        Assert.Equal("", _rig.Removes());
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
        Assert.Equal("d3.5", _rig.Removes());
        _rig.Beats(A, 60, new SpanStatus(shown.Id, shown.Owner, ComponentState.Stopped, Ts(66), null, null));
        Assert.Equal("Absent 66", _rig.Of(1));
        Assert.Contains("create d3.5 7.2 from 66", _rig.Creates());
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
        Assert.Equal("d3.5", _rig.Removes());
        _rig.Beats(A, 60, new SpanStatus(shown.Id, shown.Owner, ComponentState.Stopped, Ts(66), null, null));
        Assert.Empty(_rig.Schedule.All);
    }

    [Fact]
    [Trait("AC", "FinishBootstrapRestoresInFlightMergeWithoutDuplicateCoverage")]
    public void A_merge_whose_target_only_waits_keeps_its_sources()
    {
        _rig.Bootstraps(A);
        _rig.Answers(
            A,
            Shows(1, 5, 5, ComponentState.WaitingMerge, to: Middle),
            Shows(1, 6, 6, ComponentState.WaitingMerge, from: (uint)Middle),
            Shows(1, 7, 7, ComponentState.Preparing));
        _rig.Loads(50, 1);
        Assert.Equal("Scheduling 3.5 @a 60, Scheduling 3.6 @a 60", _rig.Of(1));
        Assert.Equal("d3.7", _rig.Removes());
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
        _rig.Answers(A, Shows(1, 5, 5, ComponentState.WaitingMerge, to: Middle), Shows(1, 7, 7, target));
        _rig.Loads(50, 1);
        Assert.Equal(becomes, _rig.Of(1));
        Assert.Equal("d3.5", _rig.Removes());
        _rig.Beats(A, 60, new SpanStatus(new(new(3), 5), new(3, 5), ComponentState.Stopped, Ts(60), null, null));
        Assert.Equal(becomes, _rig.Of(1));
    }
}
