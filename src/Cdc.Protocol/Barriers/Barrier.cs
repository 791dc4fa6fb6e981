using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>A maintainer's half of the block events of one mode: collects the reports, has one dispatcher execute an
/// event, brings what it does into the schedule, and lets the others pass.</summary>
/// <remarks>Owned by the maintainer, which fences by epoch and calls it after the schedule has taken what the same
/// input says of spans. All it knows is volatile: a takeover rebuilds it with <see cref="Restore"/> and from the
/// reports that are offered again.</remarks>
internal sealed class Barrier
{
    readonly Epoch _epoch;
    readonly Mode _mode;
    readonly IBarrierSchedule _schedule;
    readonly OpenEvents _events = new();
    readonly ScheduledEvents _scheduled;
    readonly HeldTables _held = new();
    readonly InstructionBatch _batch;
    readonly EventSteps _steps;
    readonly List<BarrierEvent> _touched = [];
    readonly List<TableId> _unsplitWanted = [];

    public Barrier(Epoch epoch, Mode mode, IBarrierSchedule schedule)
    {
        (_epoch, _mode, _schedule) = (epoch, mode, schedule);
        _batch = new InstructionBatch(epoch, mode);
        _scheduled = new ScheduledEvents(schedule);
        _steps = new EventSteps(_events, schedule, new Surveyor(schedule, _held, _batch), _batch);
    }

    /// <summary>Those that are open, in order.</summary>
    public OpenEvents Events => _events;

    /// <summary>How many events are open.</summary>
    public int OpenCount => _events.Count;

    /// <summary>Tables that everything waits for at an event which needs them in one span: to be merged. As of the
    /// last tick.</summary>
    public IReadOnlyList<TableId> UnsplitWanted => _unsplitWanted;

    /// <summary>Tables that a failure holds and a barrier has waited for too long: to be parked. As of the last tick,
    /// and each once.</summary>
    public ImmutableArray<TableId> NeedsPark { get; private set; } = [];

    /// <summary>The smallest position of an open event that adds tables which are not in the schedule yet: the
    /// changefeed's checkpoint stays at or below it.</summary>
    public CommitTs? MinAddingCheckpoint
    {
        get
        {
            for (int i = 0; i < _events.Count; i++)
                if (_events[i] is { IsPending: true, Payload.Added.Length: > 0 } adding) return adding.Id.At;
            return null;
        }
    }

    /// <summary>Whether an open event needs the table in one span, so that it must not be split now.</summary>
    public bool MustStayWhole(TableId table)
    {
        for (int i = 0; i < _events.Count; i++)
            if (_events[i].Payload.Unsplit.Contains(table)) return true;
        return false;
    }

    /// <summary>Whether an open event stops the span, which is not beyond it.</summary>
    public bool IsStopped(SpanTask task)
    {
        for (int i = 0; i < _events.Count; i++)
            if (!task.IsBeyond(_events[i].Id.At) && _events[i].Stops(task)) return true;
        return false;
    }

    /// <summary>Whether an open event means a table that is not in the schedule.</summary>
    public bool Means(in AddedTable table)
    {
        for (int i = 0; i < _events.Count; i++)
            if (_events[i].Payload.Influence.Means(table.Table, table.Schema)) return true;
        return false;
    }

    /// <summary>Whether somebody may be executing an event beyond this position that means a table which is not in the
    /// schedule: without waiting for it.</summary>
    public bool IsTold(in AddedTable table, CommitTs at)
    {
        for (int i = 0; i < _events.Count; i++)
        {
            BarrierEvent e = _events[i];
            if (e.IsTold && e.Id.At > at && e.Payload.Influence.Means(table.Table, table.Schema)) return true;
        }

        return false;
    }

    /// <summary>Takes over the block events that the managers' snapshots show, of spans that the schedule has adopted.
    /// Nothing is said: the next tick goes on.</summary>
    public void Restore(ImmutableArray<SpanSnapshot> spans, TimeSpan now)
    {
        foreach (SpanSnapshot span in spans)
        {
            if (span.Mode != _mode || span.Block is not { Payload: { } payload } block) continue;
            if (block.Stage is not (BlockStage.Waiting or BlockStage.Writing)) continue;
            if (Believed(span.Id, span.Owner) is not { } task) continue;
            bool isWriting = block.Stage == BlockStage.Writing;
            if (task.IsReplicating) Waiting(task, block.Event, payload, isWriting, now);
            else if (isWriting) MayBeWritten(task, block.Event, payload, now);
        }

        foreach (BarrierEvent touched in _touched)
        {
            touched.IsTouched = false;
            touched.NextLook = now;
        }

        _touched.Clear();
    }

    public void OnStatuses(NodeId from, BlockStatusRequest request, TimeSpan now, Effects effects)
    {
        if (request.Epoch != _epoch || request.Mode != _mode) return;
        foreach (BlockStatus status in request.Statuses) Take(from, status, now);
        foreach (BarrierEvent touched in _touched)
        {
            touched.IsTouched = false;
            if (!touched.IsGone && touched.Missing <= 0) _steps.OnCounted(touched, now);
        }

        _touched.Clear();
        _batch.Flush(effects);
    }

    public void OnTick(TimeSpan now, Effects effects)
    {
        for (int i = 0; i < _events.Count;)
        {
            BarrierEvent e = _events[i];
            if (now >= e.NextLook) _steps.OnTime(e, now);
            if (!e.IsGone) i++;
        }

        _scheduled.Forget();
        NeedsPark = _held.TakeOverdue(now);
        CollectUnsplit();
        _batch.Flush(effects);
    }

    /// <summary>What it is waiting for, as of now.</summary>
    public ImmutableArray<BarrierWait> WaitingFor(TimeSpan now) =>
        BarrierQuestion.Answer(_events, _schedule, _held, now);

    void Take(NodeId from, BlockStatus status, TimeSpan now)
    {
        if (Believed(status.Dispatcher, status.Owner) is not { } task || status.Event.At == CommitTs.Zero) return;
        if (!task.IsReplicating)
        {
            if (status.Stage is BlockStage.Waiting or BlockStage.Scheduled)
                _batch.Add(from, status.Event, InstructionKind.Ignored, task.Id);
            return;
        }

        switch (status)
        {
            case { Stage: BlockStage.Waiting, Payload: { } payload }:
                Waiting(task, status.Event, payload, isWriting: false, now);
                _batch.Add(from, status.Event, InstructionKind.Acknowledge, task.Id);
                break;
            case { Stage: BlockStage.Scheduled, Payload: { } payload }:
                if (!Schedule(task, status.Event, payload, now)) break;
                _batch.Add(from, status.Event, InstructionKind.Acknowledge, task.Id);
                break;
            case { Stage: BlockStage.Done, Action: { } action }:
                Done(task, status.Event, action, now);
                break;
        }
    }

    /// <summary>The span that a report is of, if it is of the incarnation that the schedule has.</summary>
    SpanTask? Believed(DispatcherId id, Owner owner) =>
        _schedule.Find(id) is { } task && task.Owner == owner ? task : null;

    void Waiting(SpanTask task, BlockEventId id, BlockPayload payload, bool isWriting, TimeSpan now)
    {
        if (id.At == CommitTs.Zero || task.IsBeyond(id.At)) return;
        _schedule.Raise(task, id.At.Previous);
        BarrierEvent e = _events.Find(id) ?? Open(id, payload, now);
        e.Reported(task, isWriting, now);
        Touch(e);
    }

    /// <summary>One that is going executes an event. Its report does not count, but what the event does to the schedule
    /// is still to be done when it has gone beyond.</summary>
    void MayBeWritten(SpanTask task, BlockEventId id, BlockPayload payload, TimeSpan now)
    {
        if (!task.IsBeyond(id.At)) Touch(_events.Find(id) ?? Open(id, payload, now));
    }

    /// <summary>A trigger that is beyond an event has it in the schedule: one that comes back to it was created again,
    /// and finds it executed.</summary>
    BarrierEvent Open(BlockEventId id, BlockPayload payload, TimeSpan now)
    {
        BarrierEvent e = new(id, payload, now);
        if (payload.ChangesSchedule && !(e.StopsTrigger && _schedule.Trigger.IsBeyond(id.At))) e.MakePending();
        _events.Add(e);
        return e;
    }

    bool Schedule(SpanTask task, BlockEventId id, BlockPayload payload, TimeSpan now)
    {
        if (task.IsBeyond(id.At) || _scheduled.Contains(id)) return true;
        if (_events.HasPendingBefore(id)) return false;
        _schedule.Apply(payload, id.At, now);
        _scheduled.Add(id, task.Id);
        return true;
    }

    void Done(SpanTask task, BlockEventId id, BlockAction action, TimeSpan now)
    {
        if (_events.Find(id) is not { } e) return;
        if (e.Phase == BarrierPhase.Writing && e.IsWriter(task))
        {
            if (action != BlockAction.Write || !_steps.OnWritten(e, now)) return;
        }

        bool wasBeyond = task.IsBeyond(id.At);
        _schedule.Raise(task, id.At);
        e.LastStatus = now;
        if (e.Phase == BarrierPhase.Passing && !wasBeyond && e.Stops(task)) e.Missing--;
        Touch(e);
    }

    void Touch(BarrierEvent e)
    {
        if (e.IsTouched) return;
        e.IsTouched = true;
        _touched.Add(e);
    }

    void CollectUnsplit()
    {
        _unsplitWanted.Clear();
        for (int i = 0; i < _events.Count; i++)
            foreach (TableId table in _events[i].SplitYet)
                if (!_unsplitWanted.Contains(table)) _unsplitWanted.Add(table);
    }
}
