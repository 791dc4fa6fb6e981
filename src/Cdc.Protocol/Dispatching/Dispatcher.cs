using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>The deciding half of one dispatcher: one incarnation, of one span.</summary>
/// <remarks><code>
/// Preparing --sources are closed--> Initializing --claimed--> Working --merged--> WaitingMerge --given up--> Working
///                                    |        ^ failed: later, again                   |
///                                    v        |                                        | target starts
///                       claimed: Copying --told to start--> Working                    v
/// any --removed, refused--> Stopping --nothing in flight at the sink--------------> Stopped
/// </code></remarks>
sealed class Dispatcher
{
    readonly DispatcherShared _shared;
    readonly RowFlow _rows;
    readonly BlockHandling _block;
    readonly Recovery _recovery = new();
    CommitTs _received;
    Operation _operation;
    long _ticket;
    bool _copies;
    DrainGoal _goal;

    public Dispatcher(
        DispatcherShared shared,
        DispatcherId id,
        Owner owner,
        TableSpan span,
        string schema,
        CommitTs start,
        bool copies,
        ComponentState state)
    {
        (_shared, Id, Owner, Span, Schema) = (shared, id, owner, span, schema);
        (_received, _copies, State) = (start, copies, state);
        (_rows, _block) = (new(this, shared), new(this, shared));
    }

    public DispatcherId Id { get; }
    public Owner Owner { get; }
    public TableSpan Span { get; }
    public string Schema { get; private set; }
    public ComponentState State { get; private set; }
    public CommitTs? Copied { get; private set; }
    public FaultKind? Held => _recovery.Held;

    /// <summary>Of the session that is open; 0: none is.</summary>
    public ulong Session { get; private set; }

    /// <summary>Whether what is said of the stream holds for the session.</summary>
    public bool Follows { get; private set; }

    /// <summary>Where the manager's indexes have it.</summary>
    public DispatcherPlaces Places { get; } = new();

    /// <summary>Everything up to it has been taken from the session, and given to the sink.</summary>
    public CommitTs Received =>
        Follows && _rows.Inbox.IsEmpty && !_block.IsPending ? CommitTs.Max(_received, _shared.Resolved.Ts) : _received;

    /// <summary>Everything up to it is durable; never goes back.</summary>
    public CommitTs Checkpoint
    {
        get
        {
            CommitTs checkpoint = Received;
            if (_rows.FirstWritten is { } written && written <= checkpoint) checkpoint = written.Previous;
            if (_block.FirstScheduled is { } scheduled && scheduled <= checkpoint) checkpoint = scheduled.Previous;
            return checkpoint;
        }
    }

    /// <summary>Whether its checkpoint is what the stream has resolved, and nothing else.</summary>
    public bool IsIdle => HasNothing && _received <= _shared.Resolved.Ts;

    /// <summary>Whether it would be idle if the stream had resolved what it has done already.</summary>
    public bool IsAhead => HasNothing && _received > _shared.Resolved.Ts;

    /// <summary>Whether the sink may still do something for it.</summary>
    public bool IsInFlight => _operation != Operation.None || _rows.IsInFlight;

    /// <summary>Whether it is a merge's source from which the sink holds nothing any more.</summary>
    public bool IsClosedForMerge => _goal == DrainGoal.Merge && !IsInFlight;

    /// <summary>Whether it may become a part of another.</summary>
    public bool IsMergeable =>
        State == ComponentState.Working && Session != 0 && _goal == DrainGoal.None && Held is null;

    /// <summary>Whether it has to be kept though it has ended: the maintainer may take it for replicating, and would
    /// no longer hear of its checkpoint.</summary>
    public bool IsKept { get; private set; }

    public TimeSpan? Due
    {
        get
        {
            TimeSpan? due = _block.Due;
            if (_recovery.Due is not { } retry) return due;
            return due < retry ? due : retry;
        }
    }

    bool HasNothing =>
        Follows && _rows.IsEmpty && !_block.IsPending && _block.FirstScheduled is null;

    public SpanTraffic Traffic => new(Id, Owner, _rows.Written);

    public SpanStatus Status => new(Id, Owner, State, Checkpoint, Copied, Held);

    public SpanSnapshot Snapshot =>
        new(_shared.Mode, Id, Owner, Span, Schema, State, Checkpoint, _block.Snapshot);

    public void Claim(Effects effects)
    {
        Changes();
        effects.Add(new ClaimSpan(_shared.Mode, Id, Owner, Start(Operation.Claim), Span));
    }

    /// <summary>The target of a merge gets its start.</summary>
    public void StartMerged(CommitTs start, Effects effects)
    {
        (_received, State) = (start, ComponentState.Initializing);
        Claim(effects);
    }

    /// <summary>It may take events from where its copy stands.</summary>
    public void StartCopied(Effects effects)
    {
        _copies = false;
        if (State == ComponentState.Copying && Copied is not null && _goal == DrainGoal.None) Open(effects);
    }

    public void Handle(DispatcherInput input, TimeSpan now, Effects effects)
    {
        switch (input)
        {
            case SpanClaimed claimed: OnClaimed(claimed, now, effects); break;
            case CopyFinished finished: OnCopied(finished, now, effects); break;
            case OwnerRefused: OnRefused(effects); break;
            case RowsArrived arrived: OnRows(arrived, now, effects); break;
            case BlockArrived arrived: OnBlock(arrived, now, effects); break;
            case RowsEnqueued enqueued: OnEnqueued(enqueued.Batch, now, effects); break;
            case RowsFlushed flushed: OnFlushed(flushed.Batch, now, effects); break;
            case RowsFailed failed: OnRowsFailed(failed, now, effects); break;
            case SinkFlushed flushed: OnSinkFlushed(flushed, now, effects); break;
            case BlockWritten written: OnWritten(written, now, effects); break;
            case OperationFailed failed: OnFailed(failed, now, effects); break;
        }
    }

    public void Instructed(BlockEventId id, InstructionKind kind, TimeSpan now, Effects effects) =>
        _block.Instructed(id, kind, now, effects);

    public void RepeatAll(TimeSpan now) => _block.RepeatAll(now);

    public void OnNewOwner(TimeSpan now) => _block.OnNewOwner(now);

    public void OnTimer(TimeSpan now, Effects effects)
    {
        _block.RepeatDue(now);
        switch (_recovery.Take(now))
        {
            case Operation.Claim: Claim(effects); break;
            case Operation.Copy: Copy(effects); break;
            case Operation.Write: _block.Write(effects); break;
        }
    }

    /// <summary>Stands still for a merge: gives up its session, and lets the sink finish.</summary>
    public void BeginMerge(TimeSpan now, Effects effects)
    {
        State = ComponentState.WaitingMerge;
        Changes();
        Detach(DrainGoal.Merge, now, effects);
    }

    public void AbortMerge(TimeSpan now, Effects effects)
    {
        if (_goal != DrainGoal.Merge) return;
        State = ComponentState.Working;
        Changes();
        _goal = DrainGoal.Reopen;
        Drained(now, effects);
    }

    /// <summary>Gives up its session at once, lets the sink finish, and stops.</summary>
    public void Stop(TimeSpan now, Effects effects)
    {
        if (_goal == DrainGoal.Stop || State == ComponentState.Stopped) return;
        State = ComponentState.Stopping;
        Changes();
        if (_operation == Operation.Copy) effects.Add(new StopCopy(_shared.Mode, Id, Owner, _ticket));
        Detach(DrainGoal.Stop, now, effects);
    }

    /// <summary>What is said of the stream holds for the session from here on.</summary>
    public void Follow()
    {
        Follows = Session != 0;
        // Whatever failed has come again by now: nothing of it is left.
        if (Follows && _rows.IsEmpty && !_block.IsPending && _recovery.Succeed()) Changes();
    }

    /// <summary>It does not any more; up to now it did.</summary>
    public void Unfollow()
    {
        _received = Received;
        Follows = false;
    }

    internal long Start(Operation operation)
    {
        _operation = operation;
        return ++_ticket;
    }

    /// <summary>The block event lies behind: everything before it was durable, and so is it.</summary>
    internal void Passed(BlockEventId id, BlockPayload payload)
    {
        _received = CommitTs.Max(_received, id.At);
        foreach (MovedTable moved in payload.Moved.AsSpan())
        {
            if (moved.Table == Span.Table) Schema = moved.To;
        }
    }

    /// <summary>Gives the sink what lies in the inbox, as far as nothing stands before it.</summary>
    internal void GoOn(TimeSpan now, Effects effects)
    {
        while (Session != 0 && !_rows.IsHandingOver && !_block.IsPending && !_rows.Inbox.IsEmpty)
        {
            if (_rows.Inbox.TryTakeBlock(out BlockEventId id, out BlockPayload? payload))
            {
                if (id.At <= _received) continue;
                _received = id.At.Previous;
                _block.Arrived(id, payload!, effects);
            }
            else
            {
                _rows.HandOver(ref _received, effects);
            }
        }

        Drained(now, effects);
    }

    void OnClaimed(SpanClaimed claimed, TimeSpan now, Effects effects)
    {
        if (!Completes(claimed.Ticket, Operation.Claim)) return;
        if (_goal != DrainGoal.None)
        {
            Drained(now, effects);
            return;
        }

        if (_copies || (State == ComponentState.Copying && Copied is null))
        {
            State = ComponentState.Copying;
            Copy(effects);
            return;
        }

        if (_recovery.Claimed()) Changes();
        // The trigger starts where it is told: what it executes again it also has to report again.
        if (!Id.IsTrigger && claimed.Position is { } position) _received = CommitTs.Max(_received, position);
        Open(effects);
    }

    void OnCopied(CopyFinished finished, TimeSpan now, Effects effects)
    {
        if (!Completes(finished.Ticket, Operation.Copy)) return;
        Succeed();
        Changes();
        Copied = finished.At;
        _received = CommitTs.Max(_received, finished.At);
        if (_goal != DrainGoal.None) Drained(now, effects);
        else if (!_copies) Open(effects);
    }

    void OnRefused(Effects effects)
    {
        IsKept = State is ComponentState.Working or ComponentState.WaitingMerge;
        Freeze();
        if (_operation != Operation.Write) _operation = Operation.None;
        Stop(default, effects);
        Drained(default, effects);
    }

    void OnRows(RowsArrived arrived, TimeSpan now, Effects effects)
    {
        if (arrived.Session != Session || Session == 0)
        {
            _rows.Release(arrived.Rows.Payload.Length, effects);
            return;
        }

        _received = Received;
        _rows.Inbox.Add(arrived.Rows);
        GoOn(now, effects);
    }

    void OnBlock(BlockArrived arrived, TimeSpan now, Effects effects)
    {
        if (arrived.Session != Session || Session == 0) return;
        _received = Received;
        _rows.Inbox.Add(arrived.Event, arrived.Payload);
        GoOn(now, effects);
    }

    void OnEnqueued(long batch, TimeSpan now, Effects effects)
    {
        if (_rows.Enqueued(batch, effects)) GoOn(now, effects);
    }

    void OnFlushed(long batch, TimeSpan now, Effects effects)
    {
        if (!_rows.Flushed(batch, effects)) return;
        Succeed();
        GoOn(now, effects);
    }

    void OnRowsFailed(RowsFailed failed, TimeSpan now, Effects effects)
    {
        if (!_rows.Failed(failed.Batch)) return;
        // One attempt is one failure, however many batches were under way.
        if (_goal == DrainGoal.None && _recovery.Fail(Operation.None, failed.Kind, now)) Changes();
        Detach(DrainGoal.Reopen, now, effects);
    }

    void OnSinkFlushed(SinkFlushed flushed, TimeSpan now, Effects effects)
    {
        if (!Completes(flushed.Ticket, Operation.Flush)) return;
        Succeed();
        _rows.AllFlushed();
        _block.Flushed(now, effects);
        Drained(now, effects);
    }

    void OnWritten(BlockWritten written, TimeSpan now, Effects effects)
    {
        if (!Completes(written.Ticket, Operation.Write)) return;
        Succeed();
        _block.Written(now, effects);
    }

    void OnFailed(OperationFailed failed, TimeSpan now, Effects effects)
    {
        Operation operation = _operation;
        if (!Completes(failed.Ticket, operation)) return;
        if (_goal == DrainGoal.None)
        {
            if (_recovery.Fail(operation, failed.Kind, now)) Changes();
            if (operation == Operation.Flush) Detach(DrainGoal.Reopen, now, effects);
            else _recovery.Arm(operation);
        }

        Drained(now, effects);
    }

    bool Completes(long ticket, Operation operation)
    {
        if (_operation == Operation.None || _operation != operation || _ticket != ticket) return false;
        _operation = Operation.None;
        return true;
    }

    void Open(Effects effects)
    {
        State = ComponentState.Working;
        Changes();
        Session = _shared.NextSession();
        effects.Add(new OpenSession(_shared.Mode, Id, Owner, Session, Span, _received));
    }

    void Copy(Effects effects)
    {
        Changes();
        effects.Add(new CopySpan(_shared.Mode, Id, Owner, Start(Operation.Copy), Span));
    }

    void Detach(DrainGoal goal, TimeSpan now, Effects effects)
    {
        // Stopping wins over merging, and that over going on.
        if (goal > _goal) _goal = goal;
        _recovery.Disarm();
        Unfollow();
        if (Session != 0) effects.Add(new CloseSession(_shared.Mode, Id, Owner, Session));
        Session = 0;
        _rows.Detach(effects);
        _block.Detach(isWriting: _operation == Operation.Write);
        Drained(now, effects);
    }

    /// <summary>What was waited for, once the sink has nothing of it in flight.</summary>
    void Drained(TimeSpan now, Effects effects)
    {
        if (_goal == DrainGoal.None || IsInFlight) return;
        Freeze();
        if (_goal == DrainGoal.Reopen)
        {
            _goal = DrainGoal.None;
            if (Held is null) Claim(effects);
            else _recovery.Arm(Operation.Claim);
        }
        else if (_goal == DrainGoal.Stop && State != ComponentState.Stopped)
        {
            State = ComponentState.Stopped;
            Changes();
            effects.Add(new DropSpan(_shared.Mode, Id, Owner));
        }
    }

    /// <summary>Everything behind the checkpoint comes again.</summary>
    void Freeze()
    {
        _received = Checkpoint;
        _rows.ClearWritten();
        if (_operation != Operation.Write) _block.Clear();
    }

    /// <summary>What ends well while something else makes the dispatcher begin again does not make that good.</summary>
    void Succeed()
    {
        if (_goal == DrainGoal.None && _recovery.Succeed()) Changes();
    }

    void Changes()
    {
        if (Places.IsChanged) return;
        Places.IsChanged = true;
        _shared.Changed.Add(this);
    }

    /// <summary>What is to happen when the sink has nothing of it in flight. The greater wins.</summary>
    enum DrainGoal : byte
    {
        None = 0,
        Reopen = 1,
        Merge = 2,
        Stop = 3,
    }
}

/// <summary>The one thing that the sink does for a dispatcher besides its rows.</summary>
enum Operation : byte
{
    None = 0,
    Claim = 1,
    Copy = 2,
    Flush = 3,
    Write = 4,
}
