using System.Collections.Immutable;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>Takes an open event from one phase to the next, when what it waits for is there.</summary>
internal sealed class EventSteps(
    OpenEvents events, IBarrierSchedule schedule, Surveyor surveyor, InstructionBatch batch)
{
    /// <summary>Counting says that something may be complete.</summary>
    public void OnCounted(BarrierEvent e, TimeSpan now)
    {
        if (e.Phase == BarrierPhase.Collecting) Collect(e, now);
        else if (e.Phase == BarrierPhase.Passing) Finish(e, surveyor.Look(e, now));
    }

    /// <summary>It is time to look at it.</summary>
    public void OnTime(BarrierEvent e, TimeSpan now)
    {
        if (e.Phase == BarrierPhase.Writing) WriteAgain(e, now);
        else if (e.Phase == BarrierPhase.Passing) Pass(e, now);
        if (!e.IsGone && e.Phase == BarrierPhase.Collecting) Collect(e, now);
    }

    /// <summary>The writer has executed it, or found it executed. Whether that is taken: not while an earlier event
    /// that changes the schedule has not done so; the writer is asked again.</summary>
    public bool OnWritten(BarrierEvent e, TimeSpan now)
    {
        if (e.IsPending && events.HasPendingBefore(e.Id)) return false;
        if (e.IsPending) Apply(e, now);
        e.Written(now);
        return true;
    }

    void Collect(BarrierEvent e, TimeSpan now)
    {
        e.NextLook = now + BarrierLimits.Repeat;
        Survey survey = surveyor.Look(e, now);
        e.Missing = Math.Max(survey.Uncovered, 1);
        e.SplitYet.Clear();
        if (survey.NotBeyond == 0)
        {
            Retire(e, survey, now);
            return;
        }

        if (survey.Uncovered > 0 || MustWait(e, survey)) return;
        NoteSplit(e);
        if (e.SplitYet.Count > 0) return;
        SpanTask writer = WriterOf(e, survey);
        e.Write(writer, now);
        batch.Add(writer.Node, e.Id, InstructionKind.Write, writer.Id);
    }

    /// <summary>Order: what changes the schedule, and what means tables that only the schedule knows, comes behind
    /// every earlier change.</summary>
    bool MustWait(BarrierEvent e, in Survey survey) =>
        (e.IsPending || !e.IsNormal || survey.HasUnknownTable) && events.HasPendingBefore(e.Id);

    void NoteSplit(BarrierEvent e)
    {
        foreach (TableId table in e.Payload.Unsplit)
            if (schedule.OfTable(table).Count > 1 && !e.SplitYet.Contains(table)) e.SplitYet.Add(table);
    }

    /// <summary>One that may be executing it already comes first: two at a time would be one too many. Then the
    /// trigger, which comes by all DDL in order.</summary>
    SpanTask WriterOf(BarrierEvent e, in Survey survey)
    {
        if (survey.FormerWriter is { } former) return former;
        if (survey.IsTriggerWaiting) return schedule.Trigger;
        if (schedule.Find(e.LastReporter) is { } last && !last.IsBeyond(e.Id.At) && e.IsWaiting(last)) return last;
        return survey.FirstWaiting ?? throw new InvalidOperationException("A covered event that nobody waits at.");
    }

    void WriteAgain(BarrierEvent e, TimeSpan now)
    {
        e.NextLook = now + BarrierLimits.Repeat;
        if (schedule.Find(e.Writer) is not { IsReplicating: true } writer || !e.IsWriter(writer))
        {
            e.CollectAgain(now);
            return;
        }

        // It was told to by this event alone, so it is beyond by having done it: only its answer is lost.
        if (writer.IsBeyond(e.Id.At) && OnWritten(e, now))
        {
            Pass(e, now);
            return;
        }

        Survey survey = surveyor.Look(e, now);
        if (survey.Uncovered == 0) batch.Add(writer.Node, e.Id, InstructionKind.Write, writer.Id);
    }

    void Pass(BarrierEvent e, TimeSpan now)
    {
        e.NextLook = now + BarrierLimits.Repeat;
        Survey survey = surveyor.Look(e, now, wave: IsWaveDue(e, now));
        if (survey.Told > 0) e.LastWave = now;
        Finish(e, survey);
    }

    /// <summary>A wave to many waits while their answers to the last one still come in, for a while.</summary>
    static bool IsWaveDue(BarrierEvent e, TimeSpan now)
    {
        if (e.LastWave is not { } last) return true;
        if (now - last < BarrierLimits.Repeat) return false;
        return e.IsNormal || now - e.LastStatus >= BarrierLimits.Quiet || now - last >= BarrierLimits.QuietCap;
    }

    void Finish(BarrierEvent e, in Survey survey)
    {
        e.Missing = survey.NotBeyond;
        if (survey.NotBeyond == 0) events.Remove(e);
    }

    /// <summary>Nobody stands at it (any more), so nobody can be asked whether it is executed; but the schedule follows
    /// those that are beyond it.</summary>
    void Retire(BarrierEvent e, in Survey survey, TimeSpan now)
    {
        if (e.IsPending && events.HasPendingBefore(e.Id)) return;
        if (e.IsPending && survey.Stopped > 0) Apply(e, now);
        events.Remove(e);
        LookAgain(now);
    }

    void Apply(BarrierEvent e, TimeSpan now)
    {
        schedule.Apply(e.Payload, e.Id.At, now);
        events.Applied(e.Id);
        LookAgain(now);
    }

    /// <summary>The schedule has changed, or the order: those that collect are looked at by the next tick.</summary>
    void LookAgain(TimeSpan now)
    {
        for (int i = 0; i < events.Count; i++)
            if (events[i].Phase == BarrierPhase.Collecting) events[i].NextLook = now;
    }
}
