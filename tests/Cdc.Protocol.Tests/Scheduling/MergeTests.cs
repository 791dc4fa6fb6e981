using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class MergeTests
{
    readonly ScheduleRig _rig = new();
    readonly SpanTask[] _sources;

    public MergeTests()
    {
        _sources = _rig.RunningSplit(1, A, A);
        _rig.Said();
        _rig.Schedule.Raise(_sources[0], Ts(30));
        _rig.Schedule.Raise(_sources[1], Ts(20));
        Assert.True(_rig.Schedule.Reshaping.Merge(Table(1)));
        _rig.Schedule.Reshaping.Tick(_rig.Now);
    }

    IReadOnlyList<SpanTask> Spans => _rig.Schedule.OfTable(Table(1));

    static DispatcherId Target => new(new Epoch(7), 4);

    void TargetSays(ComponentState state, ulong at) => _rig.Says(A, Target, new Owner(7, 4), state, at);

    [Fact]
    [Trait("AC", "MergeOperator_SuccessfulMerge")]
    [Trait("AC", "MergeOperator_PostFinishReleasesOccupyAfterRemovingOldReplicas")]
    public void The_sources_stay_until_the_target_works_which_then_takes_their_place()
    {
        Assert.Equal("merge d7.2+d7.3 to d7.4 7.4 @a", _rig.Said());
        Assert.All(_sources, static source => Assert.Equal(TaskState.Scheduling, source.State));
        TargetSays(ComponentState.Preparing, 20);
        _rig.Says(A, _sources[0], ComponentState.WaitingMerge, 30);
        _rig.Says(A, _sources[0], ComponentState.Stopped, 30);
        Assert.Equal(2, Spans.Count);
        TargetSays(ComponentState.Working, 20);
        Assert.Equal("Replicating 7.4 @a", Of(Assert.Single(Spans)));
        Assert.Empty(_rig.Schedule.Reshaping.Merging.Except([Table(1)]));
        _rig.Schedule.Reshaping.Tick(_rig.Now);
        Assert.Empty(_rig.Schedule.Reshaping.Merging);
        _rig.Says(A, _sources[1], ComponentState.Stopped, 30);
        _rig.Pass(5);
        Assert.Equal("", _rig.Said());
    }

    [Fact]
    public void A_table_that_was_merged_further_on_than_the_trigger_is_not_split_before_the_trigger_is_there()
    {
        TargetSays(ComponentState.Working, 40);
        _rig.Schedule.Reshaping.Tick(_rig.Now);
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(39));
        Assert.False(_rig.Schedule.Reshaping.Split(Table(1), 2, _rig.Now));
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(40));
        Assert.True(_rig.Schedule.Reshaping.Split(Table(1), 2, _rig.Now));
    }

    [Fact]
    public void A_table_of_which_a_failure_holds_a_part_is_not_merged_while_it_is_held()
    {
        // It would be refused again and again, and never be known to be held for long.
        ScheduleRig rig = new();
        SpanTask[] parts = rig.RunningSplit(1, A, A);
        SpanStatus held = Working(parts[1]) with { Held = FaultKind.Transient };
        rig.Beats(A, 4, 10, false, held);
        rig.Schedule.Reshaping.Merge(Table(1));
        rig.Schedule.Reshaping.Tick(rig.Now);
        Assert.All(parts, static part => Assert.True(part.IsReplicating));
        rig.Beats(A, 4, 10, false, held with { Held = null });
        rig.Schedule.Reshaping.Tick(rig.Now);
        Assert.All(parts, static part => Assert.Equal(TaskState.Scheduling, part.State));
    }

    [Fact]
    public void The_target_is_in_the_schema_that_its_table_has_by_then()
    {
        MovedTable moved = new(Table(1), "shop", "archive");
        Influence stopped = new Influence.Normal([Table(1), TableId.Trigger]);
        _rig.Schedule.Apply(new(stopped, null, [], [moved], []), Ts(25), _rig.Now);
        TargetSays(ComponentState.Working, 25);
        Assert.Equal("archive", Assert.Single(Spans).Schema);
        Assert.Same(Spans[0], Assert.Single(_rig.Schedule.OfSchema("archive")));
    }

    [Fact]
    [Trait("AC", "MergeOperator_NewReplicaSetCheckpointTsUsesMinOfMergedReplicas")]
    public void The_target_is_as_far_as_the_source_that_is_behind()
    {
        TargetSays(ComponentState.Working, 0);
        Assert.Equal(Ts(20), Spans[0].Checkpoint);
    }

    [Fact]
    [Trait("AC", "MergeOperator_NodeRemovedBeforeWorking")]
    [Trait("AC", "OccupyOperator_NodeRemoved")]
    [Trait("AC", "Controller_OnNodeRemoved_WithOccupyOperatorMarksSpanAbsent")]
    public void A_node_that_left_before_leaves_the_sources_absent()
    {
        _rig.Leaves(A);
        Assert.Equal(["Absent", "Absent"], Spans.Select(Of));
        Assert.Equal(0, _rig.Schedule.Operations.Count);
        Assert.Equal([Ts(30), Ts(20)], Spans.Select(static span => span.Checkpoint));
    }

    [Fact]
    public void Sources_on_a_node_that_left_with_a_merge_under_way_are_not_believed_to_run_there_still()
    {
        Owner[] merged = [.. _sources.Select(static source => source.Owner)];
        _rig.Leaves(A);
        Assert.All(_sources, source => Assert.DoesNotContain(source.Owner, merged));
    }

    [Fact]
    [Trait("AC", "MergeOperator_NodeRemovedAfterWorking")]
    public void A_node_that_left_after_leaves_the_target_absent()
    {
        TargetSays(ComponentState.Working, 20);
        _rig.Leaves(A);
        Assert.Equal("Absent", Of(Assert.Single(Spans)));
    }

    [Fact]
    [Trait("AC", "MergeOperator_TaskRemovedByDDLBeforeWorking")]
    [Trait("AC", "OccupyOperator_TaskRemoved")]
    public void A_table_dropped_before_has_target_and_sources_removed()
    {
        _rig.Drops(1);
        Assert.Empty(Spans);
        Assert.Equal("remove d7.4 7.4 @a; remove d7.2 7.2 @a; remove d7.3 7.3 @a", _rig.Said());
        Assert.Equal(0, _rig.Schedule.Operations.Count);
    }

    [Fact]
    [Trait("AC", "MergeOperator_TaskRemovedByDDLAfterWorking")]
    public void A_table_dropped_after_has_the_target_removed()
    {
        TargetSays(ComponentState.Working, 20);
        _rig.Drops(1);
        Assert.Equal("remove d7.4 7.4 @a", _rig.Said());
    }

    [Fact]
    public void A_source_that_has_made_room_for_the_target_is_not_taken_for_lost()
    {
        _rig.SaysAll(A);
        Assert.All(_sources, static source => Assert.Equal(TaskState.Scheduling, source.State));
        TargetSays(ComponentState.Working, 20);
        Assert.Equal("Replicating 7.4 @a", Of(Assert.Single(Spans)));
    }

    [Fact]
    public void A_target_that_stopped_gives_each_source_back_once_it_says_how_it_is()
    {
        TargetSays(ComponentState.Stopped, 20);
        Assert.All(_sources, static source => Assert.Equal(TaskState.Scheduling, source.State));
        _rig.Says(A, _sources[0], ComponentState.Working, 31);
        Assert.Equal("Replicating 7.2 @a", Of(_sources[0]));
        _rig.Says(A, _sources[1], ComponentState.WaitingMerge, 31);
        Assert.Equal(TaskState.Scheduling, _sources[1].State);
        _rig.SaysAll(A, _sources[0]);
        Assert.Equal("Absent", Of(_sources[1]));
        Assert.Equal(0, _rig.Schedule.Operations.Count);
    }

    [Fact]
    public void A_table_in_spans_on_several_nodes_is_brought_to_one_first()
    {
        SpanTask[] spans = _rig.RunningSplit(2, A, B);
        _rig.Schedule.Reshaping.Merge(Table(2));
        _rig.Said();
        _rig.Schedule.Reshaping.Tick(_rig.Now);
        Assert.Equal($"remove {spans[1].Id} {spans[1].Owner} @b", _rig.Said());
        _rig.Says(B, spans[1], ComponentState.Stopped, 10);
        _rig.Says(A, spans[1], ComponentState.Working, 10);
        _rig.Said();
        _rig.Schedule.Reshaping.Tick(_rig.Now);
        Assert.StartsWith($"merge {spans[0].Id}+{spans[1].Id} to", _rig.Said());
    }
}
