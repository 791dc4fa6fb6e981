using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

/// <summary>A threshold of 1000 bytes a second, measured over ten seconds each time.</summary>
public sealed class TrafficTests
{
    readonly ScheduleRig _rig = new();
    readonly TrafficPolicy _policy;
    readonly Dictionary<DispatcherId, ulong> _written = [];
    bool _mustStayWhole;

    public TrafficTests()
    {
        _rig.Schedule.Raise(_rig.Schedule.Trigger, Ts(10));
        _policy = new(_rig.Schedule, new(1000) { Window = TimeSpan.FromSeconds(10) }, _ => _mustStayWhole);
        _policy.Tick(3, _rig.Now);
    }

    IReadOnlyList<SpanTask> Spans => _rig.Schedule.OfTable(Table(1));

    /// <summary>So many bytes a second are written to the table, for some windows.</summary>
    void Writes(ulong rate, int windows = 1, int nodes = 3)
    {
        for (int i = 0; i < windows; i++)
        {
            foreach (SpanTask task in Spans.ToArray())
            {
                ulong total = _written.GetValueOrDefault(task.Id) + (rate * 10 / (ulong)Spans.Count);
                Says(task, _written[task.Id] = total);
            }

            _rig.Pass(10);
            _policy.Tick(nodes, _rig.Now);
        }
    }

    void Says(SpanTask task, ulong written) =>
        _policy.Take(task.Node, new SpanTraffic(task.Id, task.Owner, written));

    bool IsSplitting => Spans.Count == 1 && Spans[0].Operation is SplitOperation;

    [Fact]
    [Trait("AC", "DefaultSpanSplitChecker_UpdateStatus_TrafficCheck")]
    [Trait("AC", "DefaultSpanSplitChecker_AddReplica")]
    public void A_table_that_is_written_much_for_three_windows_is_split_as_far_as_it_needs_and_nodes_are_there()
    {
        _rig.Running(1, A);
        Says(Spans[0], 0);
        Writes(1000, windows: 2);
        Assert.False(IsSplitting);
        Writes(1000);
        Assert.True(IsSplitting);
        _rig.Says(A, Spans[0], ComponentState.Stopped, 10);
        Assert.Equal(2, Spans.Count);
    }

    [Theory]
    [Trait("AC", "SplitSpanChecker_ChooseSplitSpans_Traffic")]
    [InlineData(1400UL, 8, 2)]
    [InlineData(2100UL, 8, 4)]
    [InlineData(50_000UL, 8, 8)]
    public void Each_part_is_to_be_below_half_of_the_threshold_with_no_more_parts_than_nodes(ulong rate, int nodes, int parts)
    {
        _rig.Running(1, A);
        Says(Spans[0], 0);
        Writes(rate, windows: 3, nodes);
        _rig.Says(A, Spans[0], ComponentState.Stopped, 10);
        Assert.Equal(parts, Spans.Count);
    }

    [Fact]
    [Trait("AC", "SplitSpanChecker_CheckBalanceTraffic_TrafficFluctuation")]
    public void A_table_that_is_written_much_now_and_then_is_left_alone()
    {
        _rig.Running(1, A);
        Says(Spans[0], 0);
        for (int i = 0; i < 5; i++)
        {
            Writes(5000, windows: 2);
            Writes(900);
        }

        Assert.False(IsSplitting);
    }

    [Fact]
    public void A_table_that_can_not_be_split_or_must_stay_whole_now_is_not_and_neither_on_one_node()
    {
        _rig.Absent(1, isSplittable: false);
        _rig.Schedule.Add(Spans[0], A, _rig.Now);
        _rig.Says(A, Spans[0], ComponentState.Working, 10);
        Says(Spans[0], 0);
        Writes(5000, windows: 6);
        Assert.False(IsSplitting);
        _rig.Schedule.Spans.Table(Table(1))!.IsSplittable = true;
        Writes(5000, windows: 6, nodes: 1);
        Assert.False(IsSplitting);
        _mustStayWhole = true;
        Writes(5000, windows: 6);
        Assert.False(IsSplitting);
        _mustStayWhole = false;
        Writes(5000);
        Assert.True(IsSplitting);
    }

    [Fact]
    [Trait("AC", "SplitSpanChecker_CheckMergeWhole_MultiNode")]
    [Trait("AC", "SplitSpanChecker_CheckMergeWhole_ThresholdNotMet")]
    public void A_split_table_is_merged_when_it_is_written_little_for_ten_windows_and_in_between_nothing_is_done()
    {
        SpanTask[] parts = _rig.RunningSplit(1, A, B);
        foreach (SpanTask part in parts) Says(part, 0);
        Writes(400, windows: 20);
        Assert.Empty(_rig.Schedule.Reshaping.Merging);
        Writes(100, windows: 9);
        Writes(400);
        Writes(0, windows: 9);
        Assert.Empty(_rig.Schedule.Reshaping.Merging);
        Writes(0);
        Assert.Equal([Table(1)], _rig.Schedule.Reshaping.Merging);
    }

    [Fact]
    public void A_split_table_that_nobody_speaks_of_is_written_little()
    {
        _rig.RunningSplit(1, A, B);
        for (int i = 0; i < 10; i++)
        {
            Assert.Empty(_rig.Schedule.Reshaping.Merging);
            _rig.Pass(10);
            _policy.Tick(3, _rig.Now);
        }

        Assert.Equal([Table(1)], _rig.Schedule.Reshaping.Merging);
    }

    [Fact]
    public void What_an_incarnation_had_written_before_is_not_counted_and_what_comes_late_or_twice_or_of_another_neither()
    {
        SpanTask task = _rig.Running(1, A);
        _rig.Schedule.Spans.MakeScheduling(task, A, new Owner(3, 1));
        _rig.Schedule.Spans.MakeReplicating(task);
        for (int i = 1; i <= 6; i++)
        {
            _policy.Take(A, new SpanTraffic(task.Id, new Owner(7, 90 + (ulong)i), 9_000_000));
            _policy.Take(B, new SpanTraffic(task.Id, task.Owner, 9_000_000UL * (ulong)i));
            Says(task, 1_000_000);
            Says(task, 400_000);
            _rig.Pass(10);
            _policy.Tick(3, _rig.Now);
        }

        Assert.False(IsSplitting);
    }
}
