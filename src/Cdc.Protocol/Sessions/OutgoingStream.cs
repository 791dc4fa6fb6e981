using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>The stream to one collector: its numbers, its batches, its credit, and whose turn it is.</summary>
/// <remarks>It is kept as long as the service lives, also without a session, so that its numbers never begin
/// again.</remarks>
internal sealed class OutgoingStream(NodeId collector, ulong life, int largestBatch)
{
    readonly ImmutableArray<StreamItem>.Builder _batch = ImmutableArray.CreateBuilder<StreamItem>();
    readonly PriorityQueue<(ServedSession Session, long Ticket), (CommitTs Sent, long Ticket)> _turns = new();
    readonly List<ServedSession> _toBeNamed = [];
    long _lastTicket;
    long _next = 1;
    long _batchBytes;
    long _beyondBytes;
    long _round;
    (long? Ticket, long GrantedBytes) _starved;

    public NodeId Collector { get; } = collector;
    public ulong Life { get; } = life;

    /// <summary>By dispatcher, so that a complete statement has a fixed order.</summary>
    public SortedDictionary<(Mode, DispatcherId), ServedSession> Sessions { get; } = [];

    public long SentBytes { get; private set; }

    public long GrantedBytes { get; set; }

    /// <summary>The last Resolved that was sent; null: none.</summary>
    public CommitTs? Resolved { get; private set; }

    public TimeSpan? ResolvedAt { get; private set; }

    public TimeSpan? StatedAt { get; private set; }

    /// <summary>The collector has asked for a complete statement.</summary>
    public bool IsAsked { get; set; }

    public bool HasNews(CommitTs resolved) => _toBeNamed.Count > 0 || Resolved != resolved;

    /// <summary>Puts an item of a session behind those before it. Who gets one may have more to come, and is queued.
    /// </summary>
    public void Add(ServedSession session, StreamItem item, int bytes, Effects effects)
    {
        Add(item, bytes, effects);
        Enqueue(session);
    }

    /// <summary>Only these need credit.</summary>
    public void AddRows(ServedSession session, StreamItem.Rows rows, Effects effects)
    {
        Add(session, rows, ItemBytes.OfRows(rows.Payload), effects);
        SentBytes += rows.Payload.Length;
        if (SentBytes > GrantedBytes + _beyondBytes)
            throw new InvalidOperationException("More rows were sent than there was credit for.");
    }

    /// <summary>A session may have something to be sent; it is behind until that is known.</summary>
    public void Enqueue(ServedSession session)
    {
        Name(session);
        session.Ticket = ++_lastTicket;
        _turns.Enqueue((session, _lastTicket), (session.Sent, _lastTicket));
    }

    /// <summary>A session has been sent everything.</summary>
    public void CatchUp(ServedSession session)
    {
        session.Ticket = null;
        Name(session);
    }

    /// <summary>The session that has been sent least, among those that wait.</summary>
    public ServedSession? Lowest()
    {
        while (_turns.TryPeek(out (ServedSession Session, long Ticket) turn, out _))
        {
            if (!turn.Session.IsRemoved && turn.Session.Ticket == turn.Ticket) return turn.Session;
            _turns.Dequeue();
        }

        return null;
    }

    /// <summary>Whether rows of this size may go to a session that nobody is lower than: within the credit, or beyond
    /// it, if all that went beyond it and is not back went to other sessions. So each has one piece beyond at most, and
    /// whoever is lowest gets on.</summary>
    public bool MaySend(ServedSession lowest, int bytes)
    {
        if (SentBytes <= GrantedBytes) (_beyondBytes, _round) = (0, _round + 1);
        if (SentBytes + bytes <= GrantedBytes) return true;
        long own = lowest.BeyondIn == _round ? lowest.BeyondBytes : 0;
        if (SentBytes - GrantedBytes > _beyondBytes - own)
        {
            _starved = (lowest.Ticket, GrantedBytes);
            return false;
        }

        _beyondBytes += bytes - own;
        (lowest.BeyondBytes, lowest.BeyondIn) = (bytes, _round);
        return true;
    }

    /// <summary>Whether there was no credit for the session's next rows, and there has come none since, nor has it been
    /// reset: what others are sent meanwhile never makes room.</summary>
    public bool IsStarved(ServedSession lowest) => _starved == (lowest.Ticket, GrantedBytes);

    /// <summary>Says how far the sessions are that are not behind.</summary>
    public void Resolve(CommitTs resolved, bool isComplete, TimeSpan now, Effects effects)
    {
        int parts = 0;
        ImmutableArray<SessionPosition>.Builder named = ImmutableArray.CreateBuilder<SessionPosition>();
        foreach (ServedSession session in isComplete ? (IEnumerable<ServedSession>)Sessions.Values : _toBeNamed)
        {
            if (session.IsRemoved || session.Epoch == SessionEpoch.None) continue;
            if (named.Count == SessionLimits.NamedSessions)
            {
                int most = ItemBytes.OfNamed(named.Count);
                Add(new StreamItem.Positions(named.DrainToImmutable()), most, effects);
                parts++;
            }

            named.Add(new(session.Key, session.Epoch, session.Number, session.IsBehind));
        }

        foreach (ServedSession session in _toBeNamed) session.IsToBeNamed = false;
        _toBeNamed.Clear();
        int bytes = ItemBytes.OfNamed(named.Count);
        Add(new StreamItem.Resolved(resolved, named.DrainToImmutable(), isComplete, parts), bytes, effects);
        Resolved = resolved;
        ResolvedAt = now;
        if (!isComplete) return;
        StatedAt = now;
        IsAsked = false;
    }

    /// <summary>Sends what has been put together.</summary>
    public void Flush(Effects effects)
    {
        if (_batch.Count == 0) return;
        long first = _next;
        _next += _batch.Count;
        effects.Send(
            Party.Collector(Collector), new StreamBatch(Life, first, SentBytes, _batch.DrainToImmutable()));
        _batchBytes = 0;
    }

    void Add(StreamItem item, int bytes, Effects effects)
    {
        if (_batchBytes + bytes > largestBatch) Flush(effects);
        _batch.Add(item);
        _batchBytes += bytes;
    }

    void Name(ServedSession session)
    {
        if (session.IsToBeNamed) return;
        session.IsToBeNamed = true;
        _toBeNamed.Add(session);
    }
}
