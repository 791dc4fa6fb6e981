using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>What one session has seen: its data plane. Which service it comes from is <see cref="Connection"/>'s.
/// </summary>
/// <remarks><code>
/// Idle --reset sent--> Waiting --handshake 1--> Behind --named, not behind--> InStep
///                         ^                       |  ^                          |
///                         +----- gap: new epoch --+  +------ named, behind -----+
/// </code></remarks>
internal sealed class SessionStream(CommitTs start)
{
    CommitTs _delivered = start;
    CommitTs _seen = start;
    CommitTs? _open;
    long _last;

    public StreamState State { get; private set; }

    public SessionEpoch Epoch { get; private set; }

    /// <summary>Where the present epoch began.</summary>
    public CommitTs Start { get; private set; } = start;

    /// <summary>What the service may forget: all up to there is durable, and was seen in this epoch.</summary>
    /// <remarks>What was seen in an earlier epoch only is still being read by the service; so it must not be
    /// forgotten.</remarks>
    public CommitTs SafePoint(CommitTs? checkpoint, CommitTs resolved)
    {
        CommitTs seen = State == StreamState.InStep ? CommitTs.Max(_seen, resolved) : _seen;
        return checkpoint is { } durable ? CommitTs.Min(durable, seen) : Start;
    }

    /// <summary>Begins a new epoch; what comes of an earlier one is no longer believed.</summary>
    public void Reset(CommitTs start)
    {
        Epoch = Epoch.Next;
        Start = start;
        _seen = start;
        _open = null;
        _last = 0;
        State = StreamState.Waiting;
    }

    /// <summary>The session has no service any more.</summary>
    public void Unbind() => State = StreamState.Idle;

    public Verdict OnHandshake(SessionEpoch epoch)
    {
        if (epoch != Epoch) return Verdict.Drop;
        if (State != StreamState.Waiting) return Verdict.Drop;
        _last = 1;
        State = StreamState.Behind;
        return Verdict.Take;
    }

    public Verdict OnRows(StreamItem.Rows rows, out bool isFirst)
    {
        isFirst = _open != rows.At;
        Verdict verdict = Count(rows.Epoch, rows.Number, rows.At);
        if (verdict != Verdict.Take) return verdict;
        if (rows.IsLast) _seen = CommitTs.Max(_seen, rows.At);
        if (rows.At <= _delivered) return Verdict.Drop;
        _open = rows.IsLast ? null : rows.At;
        if (rows.IsLast) _delivered = rows.At;
        return Verdict.Take;
    }

    public Verdict OnBlock(StreamItem.Block block)
    {
        Verdict verdict = Count(block.Epoch, block.Number, block.Event.At);
        if (verdict != Verdict.Take) return verdict;
        _seen = CommitTs.Max(_seen, block.Event.At);
        if (block.Event.At <= _delivered) return Verdict.Drop;
        _delivered = block.Event.At;
        return Verdict.Take;
    }

    /// <summary>A Resolved names it.</summary>
    public Verdict OnNamed(SessionPosition position)
    {
        if (position.Epoch != Epoch) return Verdict.Drop;
        return position.Number == _last && _last > 0 ? Verdict.Take : Verdict.Reset;
    }

    /// <summary>From here on every Resolved of the stream holds for it.</summary>
    public void Join() => State = StreamState.InStep;

    /// <summary>Resolved no longer holds for it; up to <paramref name="resolved"/> it did.</summary>
    public void Leave(CommitTs resolved)
    {
        _delivered = CommitTs.Max(_delivered, resolved);
        _seen = CommitTs.Max(_seen, resolved);
        State = StreamState.Behind;
    }

    Verdict Count(SessionEpoch epoch, long number, CommitTs at)
    {
        if (epoch != Epoch) return Verdict.Drop;
        if (State == StreamState.Waiting) return Verdict.Reset;
        if (number != _last + 1) return Verdict.Reset;
        if (_open is { } open && open != at) return Verdict.Reset;
        _last = number;
        return Verdict.Take;
    }
}

internal enum StreamState : byte
{
    /// <summary>No service is asked to send.</summary>
    Idle = 0,

    /// <summary>A reset was sent; the handshake has not come.</summary>
    Waiting = 1,

    /// <summary>It gets items, but no Resolved holds for it yet.</summary>
    Behind = 2,

    /// <summary>Every Resolved of the stream holds for it.</summary>
    InStep = 3,
}

internal enum Verdict : byte
{
    /// <summary>Old, repeated, or delivered before.</summary>
    Drop = 0,
    Take = 1,

    /// <summary>Something is missing.</summary>
    Reset = 2,
}
