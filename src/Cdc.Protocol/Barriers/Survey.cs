using System.Runtime.CompilerServices;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>What one look at all spans that an event stops has found.</summary>
internal struct Survey
{
    /// <summary>Spans that the event stops, beyond it or not.</summary>
    public int Stopped;

    /// <summary>Of them, those that are not beyond it.</summary>
    public int NotBeyond;

    /// <summary>Spans and tables that are neither beyond it nor stand at it under their current owner.</summary>
    public int Uncovered;

    /// <summary>A table is named that the schedule does not know.</summary>
    public bool HasUnknownTable;

    /// <summary>How many were told to pass.</summary>
    public int Told;

    /// <summary>Waits, and has been its writer before.</summary>
    public SpanTask? FormerWriter;

    /// <summary>The first that waits.</summary>
    public SpanTask? FirstWaiting;

    public bool IsTriggerWaiting;
}

/// <summary>Looks at all spans that an event stops. Costs as much as there are of them: once a second per event, and
/// when counting says that it is worth it.</summary>
internal sealed class Surveyor(IBarrierSchedule schedule, HeldTables held, InstructionBatch batch)
{
    readonly Coverage _coverage = new();
    Survey _survey;
    TimeSpan _now;
    bool _wave;
    int _named;

    /// <param name="e">The event.</param>
    /// <param name="now">The time.</param>
    /// <param name="wave">Whether to tell all that are not beyond it to pass.</param>
    public Survey Look(BarrierEvent e, TimeSpan now, bool wave = false)
    {
        (_survey, _now, _wave, _named) = (default, now, wave, 0);
        switch (e.Payload.Influence)
        {
            case Influence.Normal:
                foreach (TableId table in e.Tables) SeeTable(e, table);
                SeeStrays(e);
                break;
            case Influence.Database database when SeeTrigger(e):
                foreach (SpanTask task in schedule.OfSchema(database.Schema)) See(e, task);
                SeeMoved(e, database.Schema);
                SeeStrays(e);
                break;
            case Influence.All when SeeTrigger(e):
                foreach (SpanTask task in schedule.All) See(e, task);
                break;
        }

        return _survey;
    }

    /// <summary>Only the trigger comes behind everything that made or dropped tables: before it is there, the
    /// schedule may lack some that a schema, or all, has to mean.</summary>
    bool SeeTrigger(BarrierEvent e)
    {
        See(e, schedule.Trigger);
        if (e.Phase == BarrierPhase.Passing || _survey.Uncovered == 0) return true;
        _survey.Uncovered = int.MaxValue;
        return false;
    }

    void SeeTable(BarrierEvent e, TableId table)
    {
        if (table == TableId.Trigger)
        {
            See(e, schedule.Trigger);
            return;
        }

        IReadOnlyList<SpanTask> spans = schedule.OfTable(table);
        for (int i = 0; i < spans.Count; i++) See(e, spans[i]);
        if (spans.Count == 0)
        {
            _survey.HasUnknownTable = true;
            if (!schedule.Trigger.IsBeyond(e.Id.At.Previous)) _survey.Uncovered++;
        }
        else if (!IsWhole(spans))
        {
            _survey.Uncovered++;
        }
    }

    /// <summary>Tables that the event itself moves out of its schema: once that is in the schedule, they are no longer
    /// found by it, and still stand there.</summary>
    void SeeMoved(BarrierEvent e, string schema)
    {
        foreach (TableId table in e.Tables)
        {
            IReadOnlyList<SpanTask> spans = schedule.OfTable(table);
            for (int i = 0; i < spans.Count; i++)
                if (spans[i].Schema != schema) See(e, spans[i]);
        }
    }

    /// <summary>Whoever stands at the event is stopped by it, also where the schedule, which may be further, no longer
    /// says so.</summary>
    void SeeStrays(BarrierEvent e)
    {
        foreach (DispatcherId id in e.Reporters)
            if (schedule.Find(id) is { } task && !e.Stops(task) && e.IsWaiting(task)) See(e, task);
    }

    void See(BarrierEvent e, SpanTask task)
    {
        _survey.Stopped++;
        if (task.IsBeyond(e.Id.At)) return;
        _survey.NotBeyond++;
        ref SpanReport report = ref e.Find(task.Id);
        bool isReported = !Unsafe.IsNullRef(ref report);
        bool waits = isReported && report.Owner == task.Owner && task.IsReplicating;
        if (isReported) report.IsCounted = waits;
        if (waits)
        {
            _survey.FirstWaiting ??= task;
            _survey.IsTriggerWaiting |= task.Id.IsTrigger;
            if (report.HasBeenWriter) _survey.FormerWriter ??= task;
        }
        else
        {
            _survey.Uncovered++;
            if (isReported && task.IsReplicating) AskAgain(e, task, ref report);
        }

        if (task.Held is not null && !task.Id.IsTrigger && IsNeeded(e, task, waits))
            held.Needed(task.Span.Table, _now);
        if (_wave && task.IsReplicating) Pass(e, task);
    }

    /// <summary>Another incarnation has reported. The present one may stand there, silent: an acknowledgement that was
    /// on its way to the former one has reached it.</summary>
    void AskAgain(BarrierEvent e, SpanTask task, ref SpanReport report)
    {
        if (e.Phase == BarrierPhase.Passing || _now - report.Asked < BarrierLimits.AskAgain) return;
        report.Asked = _now;
        batch.Add(task.Node, e.Id, InstructionKind.Ignored, task.Id);
    }

    /// <summary>Whether the event can't go on without the span.</summary>
    static bool IsNeeded(BarrierEvent e, SpanTask task, bool waits) => e.Phase switch
    {
        BarrierPhase.Collecting => !waits,
        BarrierPhase.Writing => !waits || e.IsWriter(task),
        BarrierPhase.Passing => true,
    };

    /// <summary>A node finds by schema those that it has in it. Which schema an incarnation believes to be in
    /// follows where it began, so those that the schedule has elsewhere, and those that a first wave has left, are
    /// named.</summary>
    void Pass(BarrierEvent e, SpanTask task)
    {
        _survey.Told++;
        if (e.PassTo is { } group) batch.AddGroup(task.Node, e.Id, InstructionKind.Pass, group);
        bool isFound = e.Payload.Influence is not Influence.Database database
            || (task.Schema == database.Schema && e.LastWave is null);
        if (e.PassTo is not null && (isFound || task.Id.IsTrigger || _named == BarrierLimits.NamedInWave)) return;
        _named++;
        batch.Add(task.Node, e.Id, InstructionKind.Pass, task.Id);
    }

    bool IsWhole(IReadOnlyList<SpanTask> spans)
    {
        if (spans.Count == 1) return spans[0].Span.IsWhole;
        _coverage.Reset();
        for (int i = 0; i < spans.Count; i++) _coverage.Add(spans[i].Span);
        return _coverage.IsWhole;
    }
}
