using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>The dispatchers of one mode on a node, and everything that is kept about them.</summary>
sealed class ModePipeline
{
    readonly DispatcherShared _shared;
    readonly WatermarkIndex _watermark;
    readonly TimerQueue _timers = new();
    readonly List<SpanStatus> _gone = [];
    readonly Dictionary<DispatcherId, SpanStatus> _ended = [];
    ulong _sequence;

    public ModePipeline(Mode mode, SessionNumbers sessions)
    {
        _shared = new(mode, sessions);
        _watermark = new(_shared, Set);
        Schedule = new(this);
        Merges = new(this);
    }

    public Mode Mode => _shared.Mode;
    public DispatcherSet Set { get; } = new();
    public ScheduleHandling Schedule { get; }
    public MergeHandling Merges { get; }
    public BlockStatusQueue Queue { get; } = new();
    public bool HasChanges => _shared.Changed.Count > 0 || _gone.Count > 0;

    /// <summary>Over all dispatchers at this moment, also those that are being removed.</summary>
    public Watermark Watermark => new(_sequence, _watermark.Smallest);

    /// <summary>The last incarnation that ended here; null: none, or so long ago that nobody speaks of it.</summary>
    public SpanStatus? Ended(DispatcherId id) => _ended.TryGetValue(id, out SpanStatus status) ? status : null;

    public Dispatcher Add(ScheduleItem item, ComponentState state)
    {
        _sequence++;
        CommitTs start = state == ComponentState.Preparing ? CommitTs.Zero : item.Start;
        Dispatcher added = new(_shared, item.Id, item.Owner, item.Span, item.Schema, start, item.Copies, state);
        Set.Add(added);
        return added;
    }

    /// <summary>After anything was done with a dispatcher.</summary>
    public void Settle(Dispatcher dispatcher, Effects effects)
    {
        if (dispatcher.Places.InList < 0) return;
        if (dispatcher.State == ComponentState.Stopped && !dispatcher.IsKept)
        {
            Forget(dispatcher, effects);
            return;
        }

        Set.PutInSchema(dispatcher);
        _watermark.Update(dispatcher);
        _timers.Arm(dispatcher);
        Merges.Check(dispatcher, effects);
    }

    /// <summary>It was told to end: one that has ended by itself goes, too.</summary>
    public void Stop(Dispatcher dispatcher, Effects effects)
    {
        dispatcher.Stop(effects);
        if (dispatcher.State == ComponentState.Stopped) Forget(dispatcher, effects);
        else Settle(dispatcher, effects);
    }

    /// <summary>It is gone, and its place is free.</summary>
    void Forget(Dispatcher dispatcher, Effects effects)
    {
        Set.Remove(dispatcher);
        _watermark.Remove(dispatcher);
        EndedAs(dispatcher.Id, dispatcher.Owner);
        if (_ended[dispatcher.Id].Owner == dispatcher.Owner) _ended[dispatcher.Id] = dispatcher.Status;
        Merges.Check(dispatcher, effects);
        Schedule.OnGone(dispatcher, effects);
    }

    /// <summary>From here on a create of that incarnation, or of one before it, is late.</summary>
    public void EndedAs(DispatcherId id, Owner owner)
    {
        if (_ended.TryGetValue(id, out SpanStatus known) && known.Owner >= owner) return;
        _ended[id] = new(id, owner, ComponentState.Stopped, CommitTs.Zero, null, null);
    }

    /// <summary>Says of a dispatcher that is not here that it has ended.</summary>
    public void Restate(DispatcherId id, Owner owner)
    {
        CommitTs checkpoint = Ended(id) is { } ended && ended.Owner == owner ? ended.Checkpoint : CommitTs.Zero;
        _gone.Add(new(id, owner, ComponentState.Stopped, checkpoint, null, null));
    }

    public void Handle(DispatcherInput input, TimeSpan now, Effects effects)
    {
        if (Set.Find(input.Dispatcher, input.Owner) is { } dispatcher)
        {
            dispatcher.Handle(input, now, effects);
            Settle(dispatcher, effects);
        }
        else if (input is RowsArrived late)
        {
            effects.Add(new ReleaseRows(Mode, input.Dispatcher, input.Owner, late.Rows.Payload.Length));
        }
    }

    public void Raise(ResolvedArrived resolved) => _watermark.Raise(resolved);

    public void Instruct(BlockInstruction instruction, TimeSpan now, Effects effects)
    {
        switch (instruction.To)
        {
            case Addressees.Some some:
                foreach (DispatcherId id in some.Ids.AsSpan()) Instruct(Set.Find(id), instruction, now, effects);
                break;
            case Addressees.OfSchema of:
                Instruct(Set.Find(DispatcherId.TriggerOf(Mode)), instruction, now, effects);
                IReadOnlyList<Dispatcher> ofSchema = Set.OfSchema(of.Schema);
                for (int i = ofSchema.Count - 1; i >= 0; i--) Instruct(ofSchema[i], instruction, now, effects);
                break;
            case Addressees.All:
                for (int i = Set.All.Count - 1; i >= 0; i--) Instruct(Set.All[i], instruction, now, effects);
                break;
        }
    }

    public void OnTick(TimeSpan now, Effects effects)
    {
        while (_timers.TryTake(now, out Dispatcher dispatcher))
        {
            if (dispatcher.Places.InList < 0) continue;
            dispatcher.OnTimer(now, effects);
            Settle(dispatcher, effects);
        }
    }

    /// <summary>Another maintainer is obeyed.</summary>
    public void OnNewOwner(Epoch epoch, TimeSpan now)
    {
        // What was waiting to be said is in the answer; what waits to be executed is said again.
        _shared.Reports.Clear();
        Queue.Clear();
        // Creates of an earlier one do not get this far any more.
        _ended.Clear();
        Schedule.Current = epoch;
        foreach (Dispatcher dispatcher in Set.All)
        {
            dispatcher.OnNewOwner(now);
            _timers.Arm(dispatcher);
        }
    }

    public void RepeatAll(TimeSpan now)
    {
        foreach (Dispatcher dispatcher in Set.All)
        {
            dispatcher.RepeatAll(now);
            _timers.Arm(dispatcher);
        }
    }

    /// <summary>What is said in bootstrap's answer.</summary>
    public void Describe(
        ImmutableArray<SpanSnapshot>.Builder spans, ImmutableArray<OperationSnapshot>.Builder operations)
    {
        foreach (Dispatcher dispatcher in Set.All) spans.Add(dispatcher.Snapshot);
        Schedule.Journal.Describe(Mode, operations);
        Merges.Describe(operations);
    }

    /// <summary>Those that changed or ended since the last time.</summary>
    public ImmutableArray<SpanStatus> TakeChanges()
    {
        var statuses = ImmutableArray.CreateBuilder<SpanStatus>(_shared.Changed.Count + _gone.Count);
        foreach (Dispatcher dispatcher in _shared.Changed)
        {
            dispatcher.Places.IsChanged = false;
            statuses.Add(dispatcher.Status);
        }

        foreach (SpanStatus status in _gone) statuses.Add(status);
        _shared.Changed.Clear();
        _gone.Clear();
        return statuses.MoveToImmutable();
    }

    /// <summary>All that are here: what is not among them is not.</summary>
    public ImmutableArray<SpanStatus> All()
    {
        var statuses = ImmutableArray.CreateBuilder<SpanStatus>(Set.All.Count);
        foreach (Dispatcher dispatcher in Set.All) statuses.Add(dispatcher.Status);
        return statuses.MoveToImmutable();
    }

    /// <summary>Those that have written something since the last time.</summary>
    public ImmutableArray<SpanTraffic> TakeTraffic()
    {
        ImmutableArray<SpanTraffic>.Builder? traffic = null;
        foreach (Dispatcher dispatcher in Set.All)
        {
            SpanTraffic now = dispatcher.Traffic;
            if (now.Written == dispatcher.Places.Written) continue;
            dispatcher.Places.Written = now.Written;
            (traffic ??= ImmutableArray.CreateBuilder<SpanTraffic>()).Add(now);
        }

        return traffic?.DrainToImmutable() ?? [];
    }

    /// <summary>What its dispatchers have reported waits to be sent from here on.</summary>
    public void QueueReports()
    {
        BlockStatusBuffer reports = _shared.Reports;
        while (reports.Count > 0) Queue.Add(reports.Drain(ManagerTimes.StatusesPerRequest));
    }

    /// <summary>Stops everything; nothing new is made.</summary>
    public void Close(Effects effects)
    {
        Schedule.Journal.Clear();
        Merges.Clear();
        for (int i = Set.All.Count - 1; i >= 0; i--) Stop(Set.All[i], effects);
    }

    void Instruct(Dispatcher? dispatcher, BlockInstruction instruction, TimeSpan now, Effects effects)
    {
        if (dispatcher is null) return;
        dispatcher.Instructed(instruction.Event, instruction.Kind, now, effects);
        Settle(dispatcher, effects);
    }
}
