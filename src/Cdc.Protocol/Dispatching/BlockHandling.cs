using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>A dispatcher's one block event: from its arrival until it is behind the dispatcher.</summary>
/// <remarks><code>
///        blocks, and something is not scheduled yet        blocks
/// None ----------------> Held --all scheduled--> Flushing --flushed--> Waiting --WRITE--> Writing --written--> None
///  |                                                |                     +------PASS------------------------> None
///  +--- blocks nobody else ------------------------ +-- flushed: Writing --written: SCHEDULED----------------> None
/// </code></remarks>
sealed class BlockHandling(Dispatcher dispatcher, DispatcherShared shared, SinkOperation sink)
{
    readonly ScheduledReports _scheduled = new();
    BlockEventId _event;
    BlockPayload? _payload;
    BlockStatus? _report;
    bool _isLocal;
    bool _isAcknowledged;
    bool _isRepeatedFast;
    TimeSpan _repeatAt;
    BlockPhase _phase;

    public bool IsPending => _phase != BlockPhase.None;

    /// <summary>The smallest event that is executed, or about to be, and not in the schedule; null: none.</summary>
    public CommitTs? FirstScheduled => _scheduled.First;

    /// <summary>When something is to be repeated; null: nothing is.</summary>
    public TimeSpan? Due
    {
        get
        {
            TimeSpan? due = _scheduled.Due;
            if (_phase != BlockPhase.Waiting || _isAcknowledged) return due;
            return due < _repeatAt ? due : _repeatAt;
        }
    }

    /// <summary>What a new maintainer has to know of it: only what others may wait for.</summary>
    public BlockSnapshot? Snapshot => _phase switch
    {
        BlockPhase.Waiting => new(_event, BlockStage.Waiting, _payload!),
        BlockPhase.Writing when !_isLocal => new(_event, BlockStage.Writing, _payload!),
        _ => null,
    };

    public void Arrived(BlockEventId id, BlockPayload payload, Effects effects)
    {
        (_event, _payload, _report, _isLocal) = (id, payload, null, !Blocks(id, payload.Influence));
        // A maintainer that does not know of a table can't wait for it: first everything is to be in the schedule.
        bool isHeld = !_isLocal && !_scheduled.IsEmpty;
        if (isHeld) _phase = BlockPhase.Held;
        else Flush(effects);
    }

    public void Flushed(TimeSpan now, Effects effects)
    {
        if (_phase != BlockPhase.Flushing) return;
        if (_isLocal)
        {
            // Before the write begins: once it is done, nothing else keeps the checkpoint below it.
            if (_payload!.ChangesSchedule) _scheduled.Install(ReportOf(BlockStage.Scheduled));
            Write(effects);
            return;
        }

        _phase = BlockPhase.Waiting;
        _report = ReportOf(BlockStage.Waiting);
        Offer(now);
    }

    public void Written(TimeSpan now, Effects effects)
    {
        if (_phase == BlockPhase.Writing) Finish(BlockAction.Write, now, effects);
    }

    /// <summary>Begins the write; again, if it failed.</summary>
    public void Write(Effects effects)
    {
        _phase = BlockPhase.Writing;
        long ticket = sink.Begin(Operation.Write);
        effects.Add(new WriteBlock(shared.Mode, dispatcher.Id, dispatcher.Owner, ticket, _event, _payload!));
    }

    public void Instructed(BlockEventId id, InstructionKind kind, TimeSpan now, Effects effects)
    {
        bool isWaited = _phase == BlockPhase.Waiting && id == _event;
        switch (kind)
        {
            case InstructionKind.Acknowledge:
                if (isWaited) _isAcknowledged = true;
                if (_scheduled.Acknowledge(id) && _phase == BlockPhase.Held && _scheduled.IsEmpty) Flush(effects);
                break;
            case InstructionKind.Ignored:
                if (isWaited) OfferFast(now);
                else _scheduled.RepeatFast(id, shared.Reports);
                break;
            case InstructionKind.Write when isWaited:
                Write(effects);
                break;
            case InstructionKind.Pass when isWaited:
                Finish(BlockAction.Pass, now, effects);
                break;
            case InstructionKind.Write or InstructionKind.Pass when dispatcher.Checkpoint >= id.At:
                BlockAction action = kind == InstructionKind.Write ? BlockAction.Write : BlockAction.Pass;
                shared.Reports.OfferDone(dispatcher.Id, dispatcher.Owner, id, action);
                break;
        }
    }

    public void RepeatDue(TimeSpan now)
    {
        if (_phase == BlockPhase.Waiting && !_isAcknowledged && _repeatAt <= now) Offer(now);
        _scheduled.RepeatDue(now, shared.Reports);
    }

    /// <summary>Says everything again: the maintainer is another one, and knows nothing of it.</summary>
    public void RepeatAll(TimeSpan now)
    {
        if (_phase == BlockPhase.Waiting) Offer(now);
        _scheduled.RepeatAll(now, shared.Reports);
    }

    /// <summary>Another maintainer: what the former acknowledged, it may have taken with it.</summary>
    public void OnNewOwner(TimeSpan now)
    {
        (_isAcknowledged, _isRepeatedFast) = (false, false);
        _repeatAt = now + DispatcherTimes.Repeat;
        _scheduled.OnNewOwner(now);
    }

    /// <summary>The session ends: the event comes again, to this incarnation or to another. What is being written stays
    /// until it is written.</summary>
    public void Detach(bool isWriting)
    {
        if (_phase != BlockPhase.Writing || !isWriting) _phase = BlockPhase.None;
    }

    /// <summary>Everything behind the checkpoint comes again.</summary>
    public void Clear()
    {
        _phase = BlockPhase.None;
        _scheduled.Clear();
    }

    /// <summary>Whether somebody else has to be waited for.</summary>
    bool Blocks(BlockEventId id, Influence influence) =>
        id.IsSyncPoint || influence switch
        {
            Influence.Normal normal => normal.Tables.Length > 1 || !dispatcher.Span.IsWhole,
            _ => true,
        };

    void Flush(Effects effects)
    {
        _phase = BlockPhase.Flushing;
        long ticket = sink.Begin(Operation.Flush);
        effects.Add(new FlushSink(shared.Mode, dispatcher.Id, dispatcher.Owner, ticket));
    }

    void Finish(BlockAction action, TimeSpan now, Effects effects)
    {
        (BlockEventId id, BlockPayload payload) = (_event, _payload!);
        (_phase, _payload, _report) = (BlockPhase.None, null, null);
        dispatcher.Passed(id, payload);
        // What is said of this event goes before what is said of the next.
        if (_isLocal) _scheduled.Report(id, now, shared.Reports);
        else shared.Reports.OfferDone(dispatcher.Id, dispatcher.Owner, id, action);
        dispatcher.GoOn(effects);
    }

    BlockStatus ReportOf(BlockStage stage) => new(dispatcher.Id, dispatcher.Owner, _event, stage, null, _payload);

    void Offer(TimeSpan now)
    {
        (_isAcknowledged, _isRepeatedFast) = (false, false);
        _repeatAt = now + DispatcherTimes.Repeat;
        shared.Reports.Offer(_report!);
    }

    /// <summary>Once between two repeats: else the two would answer each other as fast as the network. One that was
    /// acknowledged is repeated again: the acknowledgement was of an earlier incarnation.</summary>
    void OfferFast(TimeSpan now)
    {
        if (_isAcknowledged) Offer(now);
        if (_isRepeatedFast) return;
        _isRepeatedFast = true;
        shared.Reports.Offer(_report!);
    }
}

/// <summary>How far a dispatcher is with its block event.</summary>
enum BlockPhase : byte
{
    None = 0,
    Held = 1,
    Flushing = 2,
    Waiting = 3,
    Writing = 4,
}
