using System.Collections.Immutable;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>Answers what the open events are waiting for. Looks at everything: for people, not for each tick.</summary>
internal static class BarrierQuestion
{
    /// <summary>Of how many spans an answer says more than that they are missing.</summary>
    const int Named = 100;

    public static ImmutableArray<BarrierWait> Answer(
        OpenEvents events, IBarrierSchedule schedule, HeldTables held, TimeSpan now)
    {
        ImmutableArray<BarrierWait>.Builder waits = ImmutableArray.CreateBuilder<BarrierWait>(events.Count);
        for (int i = 0; i < events.Count; i++)
            waits.Add(Of(events[i], events.FirstPendingBefore(events[i].Id), schedule, held, now));
        return waits.ToImmutable();
    }

    static BarrierWait Of(
        BarrierEvent e, BlockEventId? behind, IBarrierSchedule schedule, HeldTables held, TimeSpan now)
    {
        int missing = 0;
        ImmutableArray<MissingSpan>.Builder named = ImmutableArray.CreateBuilder<MissingSpan>();
        SortedSet<TableId> heldTables = [];
        foreach (SpanTask task in Stopped(e, schedule))
        {
            if (task.IsBeyond(e.Id.At)) continue;
            if (held.Since(task.Span.Table) is not null) heldTables.Add(task.Span.Table);
            if (e.Phase != BarrierPhase.Passing && e.IsWaiting(task)) continue;
            missing++;
            if (named.Count < Named) named.Add(Describe(e, task, now));
        }

        return new BarrierWait(
            e.Id, e.Payload.Influence, e.Phase, now - e.Opened, now - e.PhaseSince,
            e.Phase == BarrierPhase.Writing ? e.Writer : null,
            missing, named.ToImmutable(), Unknown(e, schedule), [.. heldTables], [.. e.SplitYet],
            e.Phase == BarrierPhase.Collecting ? behind : null);
    }

    static MissingSpan Describe(BarrierEvent e, SpanTask task, TimeSpan now)
    {
        bool isReported = e.TryGetReport(task.Id, out SpanReport report);
        LastSeen seen = !isReported ? LastSeen.Nothing
            : report.Owner != task.Owner ? LastSeen.Replaced
            : report.HasBeenWriter ? LastSeen.Writing
            : LastSeen.Waiting;
        return new MissingSpan(
            task.Id, task.Span, task.Node, task.State, task.Checkpoint, task.Held, seen,
            now - (isReported ? report.Since : e.Opened));
    }

    static ImmutableArray<TableId> Unknown(BarrierEvent e, IBarrierSchedule schedule) =>
        !e.IsNormal || e.Phase == BarrierPhase.Passing || schedule.Trigger.IsBeyond(e.Id.At.Previous) ? []
        : [.. e.Tables.Where(table => table != TableId.Trigger && schedule.OfTable(table).Count == 0)];

    static IEnumerable<SpanTask> Stopped(BarrierEvent e, IBarrierSchedule schedule)
    {
        if (e.StopsTrigger) yield return schedule.Trigger;
        IEnumerable<SpanTask> tables = e.Payload.Influence switch
        {
            Influence.All => schedule.All,
            Influence.Database database => schedule.OfSchema(database.Schema)
                .Concat(e.Tables.SelectMany(schedule.OfTable).Where(task => task.Schema != database.Schema)),
            _ => e.Tables.Where(static table => table != TableId.Trigger).SelectMany(schedule.OfTable),
        };
        foreach (SpanTask task in tables) yield return task;
        foreach (DispatcherId id in e.Reporters)
            if (schedule.Find(id) is { } task && !e.Stops(task) && e.IsWaiting(task)) yield return task;
    }
}
