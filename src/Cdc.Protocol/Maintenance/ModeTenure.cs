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

    /// <param name="traffic">Whether tables are split by what is written to them; null: they are not.</param>
    /// <param name="copier">The mode in which parked tables are copied for this one; null: this one.</param>
    public ModeTenure(
        Mode mode, Numbering numbering, CommittedCheckpoint committed, TrafficOptions? traffic,
        ModeTenure? copier = null)
    {
        Mode = mode;
        Schedule = new(mode, numbering, committed);
        Calculator = new(Schedule.Spans);
        Barrier = new(numbering.Epoch, mode, Schedule);
        Copies = copier?.Copies ?? Schedule.Copies;
        if (copier is not null) Copies.Follower = Schedule;
        if (traffic is not null) _traffic = new(Schedule, traffic, Barrier.MustStayWhole);
        (_placement, _balance, _drain) = (new(Schedule), new(Schedule, Barrier.IsStopped), new(Schedule));
    }

    public Mode Mode { get; }
    public Schedule Schedule { get; }
    public CheckpointCalculator Calculator { get; }
    public Barrier Barrier { get; }

    /// <summary>The tables that are being copied; in this mode or in the one that does it for this one.</summary>
    public Copies Copies { get; }

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
        if (Copies.Count > 0)
        {
            foreach (ref readonly BlockStatus status in request.Statuses.AsSpan())
            {
                if (status.Payload is null || status.Event.IsSyncPoint) continue;
                // In which schema this mode has a table that is copied in the other one is not known there.
                bool isOther = Copies != Schedule.Copies && status.Payload.Influence is Influence.Database;
                Copies.Changed(isOther ? new Influence.All() : status.Payload.Influence, now);
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

    /// <summary>Whether a block event is open that means a parked table, which this mode may have in another schema.
    /// </summary>
    public bool IsMeant(in AddedTable parked) => Barrier.Means(Schedule.Parked.Find(parked.Table) ?? parked);

    /// <summary>Whether a block event beyond this position may be being executed that means a parked table.</summary>
    public bool IsTold(in AddedTable parked, CommitTs at) =>
        Barrier.IsTold(Schedule.Parked.Find(parked.Table) ?? parked, at);

    /// <summary>How far it is; null: not known in this round.</summary>
    public CommitTs? Checkpoint() => Calculator.Calculate(Barrier.MinAddingCheckpoint);

    /// <param name="nodes">Those that may have spans.</param>
    /// <param name="drained">Those that are to be empty.</param>
    /// <param name="mayHaveTrigger">A node in view has not said whether it has the trigger.</param>
    /// <param name="isMeant">Whether a block event of any mode is open that means a parked table.</param>
    /// <param name="now">The time.</param>
    public void Tick(
        ReadOnlySpan<NodeId> nodes, ReadOnlySpan<NodeId> drained, bool mayHaveTrigger,
        Func<AddedTable, bool> isMeant, TimeSpan now)
    {
        foreach (TableId table in Barrier.UnsplitWanted) Schedule.Reshaping.Merge(table);
        _traffic?.Tick(nodes.Length, now);
        Schedule.Tick(now);
        Schedule.Copies.Tick(nodes, isMeant, now);
        _placement.Tick(nodes, mayHaveTrigger, now);
        _drain.Tick(drained, nodes, now);
        if (drained.IsEmpty) _balance.Tick(nodes, now);
    }

    public void Split(TableId table, int parts, TimeSpan now)
    {
        if (!Barrier.MustStayWhole(table)) Schedule.Reshaping.Split(table, parts, now);
    }
}
