using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class PlacementTests
{
    readonly ScheduleRig _rig = new();

    void Place(params NodeId[] nodes) => _rig.Placement.Tick(nodes, mayHaveTrigger: false, _rig.Now);

    int CountSaid() => _rig.Sends().Sum(static send => ((ScheduleRequest)send.Message).Items.Length);

    int CountOn(NodeId node) => _rig.Schedule.Spans.On(node).Tasks.Count;

    void AllWork()
    {
        foreach (SpanTask task in _rig.Schedule.All.Append(_rig.Schedule.Trigger).ToArray())
        {
            if (task.State == TaskState.Scheduling) _rig.Says(task.Node, task, ComponentState.Working, 10);
        }
    }

    [Fact]
    [Trait("AC", "Schedule")]
    [Trait("AC", "BasicFunction")]
    public void Absent_spans_go_to_the_nodes_that_have_the_fewest()
    {
        for (int i = 1; i <= 4; i++) _rig.Running(i, A);
        for (int i = 11; i <= 15; i++) _rig.Absent(i);
        Place(A, B, C);
        Assert.Equal([4, 3, 3], new[] { A, B, C }.Select(CountOn));
    }

    [Fact]
    public void The_trigger_is_not_made_while_a_node_may_have_it()
    {
        _rig.Absent(1);
        _rig.Placement.Tick([A], mayHaveTrigger: true, _rig.Now);
        Assert.Equal("Absent", Of(_rig.Schedule.Trigger));
        Assert.Equal(1, CountOn(A));
        Place(A);
        Assert.Equal(TaskState.Scheduling, _rig.Schedule.Trigger.State);
    }

    [Fact]
    [Trait("AC", "LargeTableInitialization")]
    public void A_node_is_given_no_more_than_it_may_have_in_flight_and_told_no_more_than_fits_a_message()
    {
        for (int i = 1; i <= 20_000; i++) _rig.Absent(i);
        for (int i = 0; i < 10; i++) Place(A);
        Assert.Equal(SchedulingLimits.InFlightPerNode, CountOn(A));
        ScheduleRequest request = Assert.IsType<ScheduleRequest>(Assert.Single(_rig.Sends()).Message);
        Assert.Equal(SchedulingLimits.ItemsPerRequest, request.Items.Length);
        int said = request.Items.Length;
        for (int i = 0; i < 9; i++) said += CountSaid();
        Assert.Equal(SchedulingLimits.InFlightPerNode, said);
        AllWork();
        Place(A);
        Assert.Equal(2 * SchedulingLimits.InFlightPerNode, CountOn(A));
    }

    [Fact]
    public void No_more_removes_are_in_flight_than_allowed_either()
    {
        for (int i = 1; i <= 10_000; i++) _rig.Running(i, A);
        _rig.Sends();
        _rig.Drops([.. Enumerable.Range(1, 10_000).Select(static i => (long)i)]);
        int said = 0;
        for (int i = 0; i < 9; i++) said += CountSaid();
        Assert.Equal(SchedulingLimits.InFlightPerNode, said);
    }

    [Fact]
    [Trait("AC", "Balance")]
    [Trait("AC", "BalanceGroupsNewNodeAdd_SplitsTableLessThanNodeNum")]
    [Trait("AC", "BalanceSchedulerUsesCheckBalanceInterval")]
    public void A_new_node_gets_its_share_by_moves_at_the_interval_and_with_a_bound()
    {
        for (int i = 1; i <= 300; i++) _rig.Running(i, A);
        _rig.RunTrigger(A, 10);
        Balance balance = new(_rig.Schedule, static _ => false);
        balance.Tick([A], _rig.Now);
        balance.Tick([A, B], _rig.Now);
        Assert.Equal(0, _rig.Schedule.Operations.Count);
        _rig.Pass(15);
        balance.Tick([A, B], _rig.Now);
        Assert.Equal(SchedulingLimits.BalanceMoves, _rig.Schedule.Operations.Count);
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 3; i++) FinishMoves();
            _rig.Pass(15);
            balance.Tick([A, B], _rig.Now);
        }

        Assert.Equal([151, 150], new[] { A, B }.Select(CountOn));
        Assert.Equal(A, _rig.Schedule.Trigger.Node);
    }

    [Fact]
    [Trait("AC", "BalanceSchedulerUsesConfiguredMoveBatchSize")]
    public void Nothing_is_balanced_while_a_span_runs_nowhere()
    {
        for (int i = 1; i <= 10; i++) _rig.Running(i, A);
        _rig.RunTrigger(A, 10);
        _rig.Absent(11);
        new Balance(_rig.Schedule, static _ => false).Tick([A, B], _rig.Now);
        Assert.Equal(0, _rig.Schedule.Operations.Count);
    }

    [Fact]
    public void What_is_under_way_to_a_node_counts_there_and_stops_nothing_else()
    {
        for (int i = 1; i <= 10; i++) _rig.Running(i, A);
        _rig.RunTrigger(A, 10);
        for (int i = 1; i <= 3; i++) _rig.Schedule.Move(_rig.Schedule.OfTable(Table(i))[0], B, _rig.Now);
        new Balance(_rig.Schedule, static _ => false).Tick([A, B], _rig.Now);
        Assert.Equal(5, _rig.Schedule.Operations.Count);
    }

    [Fact]
    public void Spans_that_an_open_block_event_stops_are_left_alone_and_the_others_are_balanced()
    {
        for (int i = 1; i <= 10; i++) _rig.Running(i, A);
        _rig.RunTrigger(A, 10);
        new Balance(_rig.Schedule, static task => task.Span.Table.Value <= 8).Tick([A, B], _rig.Now);
        Assert.Equal(
            [9L, 10L],
            _rig.Schedule.All.Where(static task => task.Operation is not null).Select(static task => task.Span.Table.Value));
    }

    [Fact]
    public void Where_block_events_never_end_it_is_balanced_all_the_same_after_a_minute()
    {
        for (int i = 1; i <= 10; i++) _rig.Running(i, A);
        _rig.RunTrigger(A, 10);
        Balance balance = new(_rig.Schedule, static _ => true);
        for (int seconds = 0; seconds < 60; seconds += 15)
        {
            balance.Tick([A, B], _rig.Now);
            Assert.Equal(0, _rig.Schedule.Operations.Count);
            _rig.Pass(15);
        }

        balance.Tick([A, B], _rig.Now);
        Assert.Equal(5, _rig.Schedule.Operations.Count);
    }

    [Fact]
    public void A_table_that_is_being_merged_is_not_torn_apart_again()
    {
        _rig.RunningSplit(1, A, A, A, A, A, A);
        _rig.RunTrigger(A, 10);
        Assert.True(_rig.Schedule.Reshaping.Merge(Table(1)));
        new Balance(_rig.Schedule, static _ => false).Tick([A, B], _rig.Now);
        Assert.Equal(0, _rig.Schedule.Operations.Count);
    }

    [Fact]
    [Trait("AC", "DrainSchedulerMovesOnlyDispatchersOnTarget")]
    [Trait("AC", "DrainSchedulerCapsInflightDrainMoves")]
    [Trait("AC", "Controller_CountInflightDrainMovesFromNode")]
    public void A_drained_node_loses_everything_some_at_a_time_and_the_trigger_too()
    {
        for (int i = 1; i <= 300; i++) _rig.Running(i, A);
        SpanTask elsewhere = _rig.Running(301, B);
        _rig.RunTrigger(A, 10);
        Drain drain = new(_rig.Schedule);
        drain.Tick([A], [B, C], _rig.Now);
        Assert.Equal(SchedulingLimits.DrainMoves, _rig.Schedule.Operations.Count);
        drain.Tick([A], [B, C], _rig.Now);
        Assert.Equal(SchedulingLimits.DrainMoves, _rig.Schedule.Operations.Count);
        Assert.Null(elsewhere.Operation);
        for (int i = 0; i < 6; i++)
        {
            FinishMoves();
            drain.Tick([A], [B, C], _rig.Now);
        }

        Assert.Equal(0, CountOn(A));
        Assert.NotEqual(A, _rig.Schedule.Trigger.Node);
    }

    void FinishMoves()
    {
        foreach (SpanTask task in _rig.Schedule.All.Append(_rig.Schedule.Trigger).ToArray())
        {
            if (task.Operation is not MoveOperation) continue;
            bool isGone = task.Node == A;
            _rig.Says(task.Node, task, isGone ? ComponentState.Stopped : ComponentState.Working, 10);
        }
    }
}
