using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;

namespace Cdc.Simulator.Checks;

/// <summary>One incarnation of a dispatcher, as far as what goes in and comes out tells.</summary>
public sealed class Incarnation(Mode mode, DispatcherId id, Owner owner, TableSpan span)
{
    readonly Queue<(BlockEventId Event, BlockPayload Payload)> _arrived = new();
    readonly HashSet<BlockEventId> _done = [];
    readonly HashSet<BlockEventId> _flushed = [];
    readonly List<(BlockEventId Event, bool IsReported, bool IsAcknowledged)> _scheduled = [];
    BlockPayload? _payload;
    Type? _operation;
    long _ticket;
    ulong _session;
    BlockEventId? _perhapsPassed;
    CommitTs? _finalCap;
    CommitTs? _finalScheduled;

    public Mode Mode { get; } = mode;
    public DispatcherId Id { get; } = id;
    public Owner Owner { get; } = owner;
    public TableSpan Span { get; } = span;
    public GivenRows Rows { get; } = new();

    /// <summary>It has ended, and the sink has nothing of it any more.</summary>
    public bool IsDropped { get; private set; }

    /// <summary>The event that it has begun with, and not ended.</summary>
    public BlockEventId? Pending { get; private set; }
    public PendingPhase Phase { get; private set; }

    /// <summary>It was told that its report counts.</summary>
    public bool IsAcknowledged { get; set; }

    /// <summary>When it last said, or was to say from then on, that it waits; on its node's clock.</summary>
    public TimeSpan SaidAt { get; set; }

    /// <summary>Everything up to it has been given to the sink.</summary>
    public CommitTs Received { get; private set; }

    /// <summary>Whether it has had a session: before, only the maintainer knows where it begins.</summary>
    public bool HasOpened { get; private set; }

    /// <summary>The first event that it has executed, or begun to, and that may not be scheduled.</summary>
    public CommitTs? FirstScheduled => _scheduled.Count > 0 ? _scheduled[0].Event.At : _finalScheduled;

    public BlockEventId? MaxWaiting { get; set; }
    public BlockEventId? MaxDone { get; set; }

    public bool HasFlushed(BlockEventId id) => _flushed.Contains(id);

    public bool HasDone(BlockEventId id) => _done.Contains(id);

    public bool HasExecutedAlone(BlockEventId id) => _scheduled.Exists(s => s.Event == id) || _done.Contains(id);

    public bool IsWaitingAt(BlockEventId id) => Phase == PendingPhase.Waiting && Pending == id;

    /// <summary>The largest checkpoint that it may claim is below this; null: nothing holds it.</summary>
    public CommitTs? Cap
    {
        get
        {
            if (IsDropped) return _finalCap;
            CommitTs? cap = Rows.FirstOpen;
            if (FirstScheduled is { } scheduled && !(cap <= scheduled)) cap = scheduled;
            if (Pending is { } pending && !(cap <= pending.At)) cap = pending.At;
            return cap;
        }
    }

    /// <summary>An answer of the sink, or something of its session.</summary>
    public void Take(DispatcherInput input)
    {
        switch (input)
        {
            case SpanClaimed claimed: End(claimed.Ticket); break;
            case CopyFinished finished: End(finished.Ticket); break;
            case OwnerRefused when _operation != typeof(WriteBlock): _operation = null; break;
            case RowsEnqueued enqueued: Rows.Enqueued(enqueued.Batch); break;
            case RowsFlushed flushed: Rows.Flushed(flushed.Batch); break;
            case RowsFailed failed: Rows.Failed(failed.Batch); break;
            case BlockArrived arrived when arrived.Session == _session && _session != 0:
                _arrived.Enqueue((arrived.Event, arrived.Payload));
                break;
            case SinkFlushed flushed when End(flushed.Ticket): OnFlushed(); break;
            case BlockWritten written when End(written.Ticket) && Pending is { } event_:
                if (IsLocal) Reported(event_);
                Finish(event_);
                break;
            case OperationFailed failed when End(failed.Ticket) && _session == 0 && Phase != PendingPhase.None:
                Forget();
                break;
        }
    }

    public void Acknowledged(BlockEventId id)
    {
        if (IsWaitingAt(id)) IsAcknowledged = true;
        int index = _scheduled.FindIndex(s => s.Event == id && s.IsReported);
        if (index < 0) return;
        _scheduled[index] = (id, true, true);
        while (_scheduled.Count > 0 && _scheduled[0].IsAcknowledged) _scheduled.RemoveAt(0);
    }

    /// <summary>Whether a report of SCHEDULED of this event was acknowledged, and is kept for the next owner.</summary>
    public bool IsKept(BlockEventId id) => _scheduled.Exists(s => s.Event == id && s.IsAcknowledged);

    public void NewOwner(TimeSpan now)
    {
        (IsAcknowledged, SaidAt) = (false, now);
        for (int i = 0; i < _scheduled.Count; i++) _scheduled[i] = _scheduled[i] with { IsAcknowledged = false };
    }

    /// <param name="id">What it is told of.</param>
    /// <param name="toWrite">To execute it; else to pass.</param>
    /// <param name="isSure">Whether it was named. One that was meant with its schema may believe itself in another
    /// one, and stand where it stood.</param>
    public void Told(BlockEventId id, bool toWrite, bool isSure)
    {
        if (!IsWaitingAt(id)) return;
        if (toWrite) Phase = PendingPhase.MayWrite;
        else Finish(id);
        _perhapsPassed = isSure || toWrite ? null : id;
    }

    public void Do(DispatcherEffect effect, long step)
    {
        Rules.Ensure(!IsDropped || effect is ReleaseRows, "INV-11", this, "does something behind its end", effect);
        switch (effect)
        {
            case ClaimSpan claim: Begin(effect, claim.Ticket); Forget(); break;
            case CopySpan copy: Begin(effect, copy.Ticket); break;
            case OpenSession open:
                (_session, Received, HasOpened) = (open.Session, open.Start, true);
                _arrived.Clear();
                break;
            case CloseSession: Close(); break;
            case WriteRows rows: Write(rows, step); break;
            case FlushSink flush: Flush(flush); break;
            case WriteBlock write: Write(write); break;
            case DropSpan:
                (_finalCap, _finalScheduled) = (Cap, FirstScheduled);
                Forget();
                IsDropped = true;
                break;
            default: break;
        }
    }

    bool IsLocal => Pending is { IsSyncPoint: false } && Span.IsWhole
        && _payload!.Influence is Influence.Normal { Tables.Length: <= 1 };

    void Write(WriteRows rows, long step)
    {
        DropPassed();
        Rules.Ensure(Pending is null && (_arrived.Count == 0 || rows.Rows.At < _arrived.Peek().Event.At), "INV-1",
            this, "gives rows to the sink behind a block event that is not done", rows);
        Rows.Give(this, rows, step);
        CommitTs given = rows.Rows.IsLast ? rows.Rows.At : rows.Rows.At.Previous;
        if (given > Received) Received = given;
    }

    void Flush(FlushSink flush)
    {
        Begin(flush, flush.Ticket);
        DropPassed();
        Rules.Ensure(Pending is null && _arrived.Count > 0, "INV-1", this, "begins a second block event", flush);
        (BlockEventId id, _payload) = _arrived.Dequeue();
        (Pending, Phase, IsAcknowledged) = (id, PendingPhase.Flushing, false);
        Received = CommitTs.Max(Received, id.At.Previous);
        Rules.Ensure(IsLocal || _scheduled.Count == 0, "INV-8", this,
            $"goes on to {id}, which blocks, while what it executed may not be scheduled", flush);
    }

    void Write(WriteBlock write)
    {
        Begin(write, write.Ticket);
        if (_perhapsPassed == write.Event && Pending is null) StandAgain(write.Event);
        Rules.Ensure(_flushed.Contains(write.Event), "INV-S6", this, "executes an event and has not flushed", write);
        Rules.Ensure(Pending == write.Event && !_done.Contains(write.Event), "INV-3", this,
            "executes an event that is not its pending one", write);
        bool mayWrite = Phase == PendingPhase.MayWrite || (IsLocal && Phase == PendingPhase.Waiting);
        Rules.Ensure(mayWrite, "INV-6", this, "executes an event without having been told so", write);
        Rules.Ensure(Rows.FirstOpen is not { } open || open > write.Event.At, "INV-2", this,
            "executes an event before rows that are not durable", write);
        Phase = PendingPhase.MayWrite;
        if (IsLocal && _payload!.ChangesSchedule && !_scheduled.Exists(s => s.Event == write.Event))
            _scheduled.Add((write.Event, false, false));
    }

    void OnFlushed()
    {
        Rows.AllFlushed();
        if (Phase != PendingPhase.Flushing || Pending is not { } id) return;
        _flushed.Add(id);
        Phase = PendingPhase.Waiting;
    }

    void Reported(BlockEventId id)
    {
        int index = _scheduled.FindIndex(s => s.Event == id);
        if (index >= 0) _scheduled[index] = (id, true, false);
    }

    void Finish(BlockEventId id)
    {
        _done.Add(id);
        Received = CommitTs.Max(Received, id.At);
        (Pending, Phase) = (null, PendingPhase.None);
    }

    void StandAgain(BlockEventId id)
    {
        _done.Remove(id);
        (Pending, Phase, _perhapsPassed) = (id, PendingPhase.MayWrite, null);
    }

    void Close()
    {
        _session = 0;
        _arrived.Clear();
        Rows.Taken();
        if (_operation == typeof(WriteBlock)) return;
        (Pending, Phase) = (null, PendingPhase.None);
    }

    void Forget()
    {
        Rows.Clear();
        _scheduled.Clear();
        (Pending, Phase) = (null, PendingPhase.None);
    }

    void DropPassed()
    {
        while (_arrived.TryPeek(out var next) && next.Event.At <= Received) _arrived.Dequeue();
    }

    void Begin(DispatcherEffect effect, long ticket)
    {
        Rules.Ensure(_operation is null, "INV-11", this, $"begins while {_operation?.Name} is under way", effect);
        (_operation, _ticket) = (effect.GetType(), ticket);
    }

    bool End(long ticket)
    {
        if (_operation is null || ticket != _ticket) return false;
        _operation = null;
        return true;
    }

    public override string ToString() => $"{Id} {Owner} {Span} at {Pending} {Phase}";
}

/// <summary>How far an incarnation is with its pending event.</summary>
public enum PendingPhase
{
    None,
    Flushing,

    /// <summary>All before it is durable.</summary>
    Waiting,

    /// <summary>It was told to execute it, or does so alone.</summary>
    MayWrite,
}
