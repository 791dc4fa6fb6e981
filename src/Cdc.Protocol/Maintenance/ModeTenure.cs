using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using Barrier = Cdc.Protocol.Barriers.Barrier;

namespace Cdc.Protocol.Maintenance;

/// <summary>One of the changefeed's pipelines, as its maintainer has it.</summary>
internal sealed class ModeTenure
{
    readonly Placement _placement;
    readonly Balance _balance;
    readonly Drain _drain;
    readonly TrafficPolicy? _traffic;
    readonly Func<AddedTable, bool> _isMeant;

    public ModeTenure(Mode mode, Numbering numbering, CommittedCheckpoint committed, TrafficOptions? traffic)
    {
        Mode = mode;
        Schedule = new(mode, numbering, committed);
        Calculator = new(Schedule.Spans);
        Barrier = new(numbering.Epoch, mode, Schedule);
        if (traffic is not null) _traffic = new(Schedule, traffic, Barrier.MustStayWhole);
        _isMeant = table => Barrier.Means(table);
        (_placement, _balance, _drain) = (new(Schedule), new(Schedule, Barrier.IsStopped), new(Schedule));
    }

    public Mode Mode { get; }
    public Schedule Schedule { get; }
    public CheckpointCalculator Calculator { get; }
    public Barrier Barrier { get; }

    /// <summary>Where the table list is loaded.</summary>
    public CommitTs LoadAt { get; set; }

    /// <summary>The table list; null: not there yet.</summary>
    public ImmutableArray<AddedTable>? Tables { get; set; }

    public void Take(NodeId from, Heartbeat heartbeat, TimeSpan now)
    {
        // The watermark first: a span that its statuses report working counts by it from then on.
        bool isCurrent = Calculator.Take(from, heartbeat.Watermark);
        Schedule.Take(from, heartbeat, isCurrent, now);
    }

    public void Take(NodeId from, BlockStatusRequest request, TimeSpan now, Effects effects)
    {
        if (Schedule.Copies.Count > 0)
        {
            foreach (ref readonly BlockStatus status in request.Statuses.AsSpan())
            {
                bool changes = status.Payload is not null && !status.Event.IsSyncPoint;
                if (changes) Schedule.Copies.Changed(status.Payload!.Influence, now);
            }
        }

        Barrier.OnStatuses(from, request, now, effects);
    }

    public void Take(NodeId from, TrafficReport report)
    {
        if (_traffic is null) return;
        foreach (ref readonly SpanTraffic traffic in report.Spans.AsSpan()) _traffic.Take(from, in traffic);
    }

    public void NodeLeft(NodeId node, TimeSpan now)
    {
        Calculator.NodeLeft(node);
        Schedule.NodeLeft(node, now);
    }

    /// <summary>How far it is; null: not known in this round.</summary>
    public CommitTs? Checkpoint() => Calculator.Calculate(Barrier.MinAddingCheckpoint);

    /// <param name="nodes">Those that may have spans.</param>
    /// <param name="drained">Those that are to be empty.</param>
    /// <param name="mayHaveTrigger">A node in view has not said whether it has the trigger.</param>
    public void Tick(ReadOnlySpan<NodeId> nodes, ReadOnlySpan<NodeId> drained, bool mayHaveTrigger, TimeSpan now)
    {
        foreach (TableId table in Barrier.UnsplitWanted) Schedule.Reshaping.Merge(table);
        _traffic?.Tick(nodes.Length, now);
        Schedule.Tick(now);
        Schedule.Copies.Tick(nodes, _isMeant, now);
        _placement.Tick(nodes, mayHaveTrigger, now);
        _drain.Tick(drained, nodes, now);
        if (drained.IsEmpty) _balance.Tick(nodes, now);
    }

    public void Split(TableId table, int parts, TimeSpan now)
    {
        if (!Barrier.MustStayWhole(table)) Schedule.Reshaping.Split(table, parts, now);
    }
}
