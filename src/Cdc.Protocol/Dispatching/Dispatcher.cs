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
    readonly Positions _positions;
    readonly SinkOperation _sink = new();
    readonly Recovery _recovery = new();
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
        (_copies, State) = (copies, state);
        (_rows, _block) = (new(this, shared), new(this, shared, _sink));
        _positions = new(shared.Resolved, _rows, _block, start);
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
    public bool Follows => _positions.Follows;

    /// <summary>Where the manager's indexes have it.</summary>
    public DispatcherPlaces Places { get; } = new();

    /// <summary>Everything up to it is durable; never goes back.</summary>
    public CommitTs Checkpoint => _positions.Checkpoint;

    /// <summary>Whether its checkpoint is what the stream has resolved, and nothing else.</summary>
    public bool IsIdle => _positions.IsIdle;

    /// <summary>Whether it would be idle if the stream had resolved what it has done already.</summary>
    public bool IsAhead => _positions.IsAhead;

    /// <summary>Whether the sink may still do something for it.</summary>
    public bool IsInFlight => _sink.Current != Operation.None || _rows.IsInFlight;

    /// <summary>Whether it is a merge's source from which the sink holds nothing any more.</summary>
    public bool IsClosedForMerge => _goal == DrainGoal.Merge && !IsInFlight;

    /// <summary>Whether it may become a part of another. With a session it works, and nothing else is to become of
    /// it.</summary>
    public bool IsMergeable => Session != 0 && Held is null;

    /// <summary>Whether it can't go on without what lies behind a position: it has nothing of that in hand.</summary>
    public bool Needs(CommitTs behind) =>
        _positions.Received <= behind && _rows.Inbox.IsEmpty && !_block.IsPending;

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

    public SpanTraffic Traffic => new(Id, Owner, _rows.Written);

    public SpanStatus Status => new(Id, Owner, State, Checkpoint, Copied, Held);

    public SpanSnapshot Snapshot =>
        new(_shared.Mode, Id, Owner, Span, Schema, State, Checkpoint, _block.Snapshot);

    public void Claim(Effects effects)
    {
        Restate();
        effects.Add(new ClaimSpan(_shared.Mode, Id, Owner, _sink.Begin(Operation.Claim), Span));
    }

    /// <summary>The target of a merge gets its start.</summary>
    public void StartMerged(CommitTs start, Effects effects)
    {
        _positions.Begin(start);
        State = ComponentState.Initializing;
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
            case SpanClaimed claimed: OnClaimed(claimed, effects); break;
            case CopyFinished finished: OnCopied(finished, effects); break;
            case OwnerRefused: OnRefused(effects); break;
            case RowsArrived arrived: OnRows(arrived, effects); break;
            case BlockArrived arrived: OnBlock(arrived, effects); break;
            case RowsEnqueued enqueued: OnEnqueued(enqueued.Batch, effects); break;
            case RowsFlushed flushed: OnFlushed(flushed.Batch, effects); break;
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

    /// <summary>Says with the next heartbeat how it is.</summary>
    public void Restate()
    {
        if (Places.IsChanged) return;
        Places.IsChanged = true;
        _shared.Changed.Add(this);
    }

    /// <summary>Stands still for a merge: gives up its session, and lets the sink finish.</summary>
    public void BeginMerge(Effects effects)
    {
        State = ComponentState.WaitingMerge;
        Restate();
        Detach(DrainGoal.Merge, effects);
    }

    public void AbortMerge(Effects effects)
    {
        if (_goal != DrainGoal.Merge) return;
        State = ComponentState.Working;
        Restate();
        _goal = DrainGoal.Reopen;
        Drained(effects);
    }

    /// <summary>Gives up its session at once, lets the sink finish, and stops.</summary>
    public void Stop(Effects effects)
    {
        if (_goal == DrainGoal.Stop || State == ComponentState.Stopped) return;
        State = ComponentState.Stopping;
        Restate();
        if (_sink.Current == Operation.Copy) effects.Add(new StopCopy(_shared.Mode, Id, Owner, _sink.Ticket));
        Detach(DrainGoal.Stop, effects);
    }

    /// <summary>What is said of the stream holds for the session from here on.</summary>
    public void Follow()
    {
        _positions.Follow();
        // Whatever failed has come again by now: nothing of it is left.
        if (_rows.IsEmpty && !_block.IsPending && _recovery.Succeed()) Restate();
    }

    /// <summary>It does not any more; up to now it did.</summary>
    public void Unfollow() => _positions.Unfollow();

    /// <summary>The block event lies behind: everything before it was durable, and so is it.</summary>
    internal void Passed(BlockEventId id, BlockPayload payload)
    {
        _positions.Raise(id.At);
        foreach (MovedTable moved in payload.Moved.AsSpan())
        {
            if (moved.Table == Span.Table) Schema = moved.To;
        }
    }

    /// <summary>Gives the sink what lies in the inbox, as far as nothing stands before it.</summary>
    internal void GoOn(Effects effects)
    {
        while (Session != 0 && !_rows.IsHandingOver && !_block.IsPending && !_rows.Inbox.IsEmpty)
        {
            if (_rows.Inbox.TryTakeBlock(out BlockEventId id, out BlockPayload? payload))
            {
                if (!_positions.IsBehind(id)) _block.Arrived(id, payload!, effects);
            }
            else
            {
                _positions.HandOver(effects);
            }
        }

        Drained(effects);
    }

    void OnClaimed(SpanClaimed claimed, Effects effects)
    {
        if (!_sink.End(claimed.Ticket, Operation.Claim)) return;
        if (_goal != DrainGoal.None)
        {
            Drained(effects);
            return;
        }

        if (_copies || (State == ComponentState.Copying && Copied is null))
        {
            State = ComponentState.Copying;
            Copy(effects);
            return;
        }

        if (_recovery.Claimed()) Restate();
        // The trigger starts where it is told: what it executes again it also has to report again.
        if (!Id.IsTrigger && claimed.Position is { } position) _positions.Raise(position);
        Open(effects);
    }

    void OnCopied(CopyFinished finished, Effects effects)
    {
        if (!_sink.End(finished.Ticket, Operation.Copy)) return;
        Succeed();
        Restate();
        Copied = finished.At;
        _positions.Raise(finished.At);
        if (_goal != DrainGoal.None) Drained(effects);
        else if (!_copies) Open(effects);
    }

    void OnRefused(Effects effects)
    {
        // Said again it changes nothing: by then it has ended, and is kept all the same.
        IsKept |= State is ComponentState.Working or ComponentState.WaitingMerge;
        Freeze();
        if (_sink.Current != Operation.Write) _sink.Abandon();
        Stop(effects);
        Drained(effects);
    }

    void OnRows(RowsArrived arrived, Effects effects)
    {
        if (arrived.Session != Session || Session == 0)
        {
            _rows.Release(arrived.Rows.Payload.Length, effects);
            return;
        }

        _positions.Keep();
        _rows.Inbox.Add(arrived.Rows);
        GoOn(effects);
    }

    void OnBlock(BlockArrived arrived, Effects effects)
    {
        if (arrived.Session != Session || Session == 0) return;
        _positions.Keep();
        _rows.Inbox.Add(arrived.Event, arrived.Payload);
        GoOn(effects);
    }

    void OnEnqueued(long batch, Effects effects)
    {
        if (_rows.Enqueued(batch, effects)) GoOn(effects);
    }

    void OnFlushed(long batch, Effects effects)
    {
        if (!_rows.Flushed(batch, effects)) return;
        Succeed();
        GoOn(effects);
    }

    void OnRowsFailed(RowsFailed failed, TimeSpan now, Effects effects)
    {
        if (!_rows.Failed(failed.Batch)) return;
        // One attempt is one failure, however many batches were under way.
        if (_goal == DrainGoal.None && _recovery.Fail(Operation.None, failed.Kind, now)) Restate();
        Detach(DrainGoal.Reopen, effects);
    }

    void OnSinkFlushed(SinkFlushed flushed, TimeSpan now, Effects effects)
    {
        if (!_sink.End(flushed.Ticket, Operation.Flush)) return;
        Succeed();
        _rows.AllFlushed();
        _block.Flushed(now, effects);
        Drained(effects);
    }

    void OnWritten(BlockWritten written, TimeSpan now, Effects effects)
    {
        if (!_sink.End(written.Ticket, Operation.Write)) return;
        Succeed();
        _block.Written(now, effects);
    }

    void OnFailed(OperationFailed failed, TimeSpan now, Effects effects)
    {
        Operation operation = _sink.Current;
        if (!_sink.End(failed.Ticket, operation)) return;
        if (_goal == DrainGoal.None)
        {
            if (_recovery.Fail(operation, failed.Kind, now)) Restate();
            if (operation == Operation.Flush) Detach(DrainGoal.Reopen, effects);
            else _recovery.Arm(operation);
        }

        Drained(effects);
    }

    void Open(Effects effects)
    {
        State = ComponentState.Working;
        Restate();
        Session = _shared.NextSession();
        effects.Add(new OpenSession(_shared.Mode, Id, Owner, Session, Span, _positions.Received));
    }

    void Copy(Effects effects)
    {
        Restate();
        effects.Add(new CopySpan(_shared.Mode, Id, Owner, _sink.Begin(Operation.Copy), Span));
    }

    void Detach(DrainGoal goal, Effects effects)
    {
        // Stopping wins over merging, and that over going on.
        if (goal > _goal) _goal = goal;
        _recovery.Disarm();
        Unfollow();
        if (Session != 0) effects.Add(new CloseSession(_shared.Mode, Id, Owner, Session));
        Session = 0;
        _rows.Detach(effects);
        _block.Detach(isWriting: _sink.Current == Operation.Write);
        Drained(effects);
    }

    /// <summary>What was waited for, once the sink has nothing of it in flight.</summary>
    void Drained(Effects effects)
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
            Restate();
            effects.Add(new DropSpan(_shared.Mode, Id, Owner));
        }
    }

    /// <summary>Everything behind the checkpoint comes again.</summary>
    void Freeze()
    {
        _positions.FallBack();
        _rows.ClearWritten();
        if (_sink.Current != Operation.Write) _block.Clear();
    }

    /// <summary>What ends well while something else makes the dispatcher begin again does not make that good.</summary>
    void Succeed()
    {
        if (_goal == DrainGoal.None && _recovery.Succeed()) Restate();
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
