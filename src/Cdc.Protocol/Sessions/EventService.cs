using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>The serving half of event delivery, one per changefeed where its source is read: cuts from the log what
/// each session has not seen, and sends it to the collectors, to each on one numbered stream.</summary>
/// <remarks>Nothing of it is durable. A later life knows no session; the collectors register again.</remarks>
public sealed class EventService : IRole
{
    readonly IEventLog _log;
    readonly ulong _life;
    readonly int _batchBytes;
    readonly SortedDictionary<NodeId, OutgoingStream> _streams = [];
    readonly ServedTables _tables = new();
    readonly SessionKeeper _keeper;
    CommitTs _resolved;

    /// <param name="log">What is served.</param>
    /// <param name="life">Names the streams; greater than that of every earlier life of the service on the
    /// node.</param>
    /// <param name="batchBytes">What the transport takes as one message.</param>
    public EventService(IEventLog log, ulong life, int batchBytes = SessionLimits.BatchBytes)
    {
        _log = log;
        _life = life;
        _batchBytes = batchBytes;
        _keeper = new SessionKeeper(log, _tables);
    }

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        switch (input)
        {
            case LogGrew grown: OnGrown(grown); break;
            case Received { From.Role: Role.Collector } received:
                OnMessage(StreamOf(received.From.Node), received.Message, now, effects);
                break;
            case Tick: _keeper.Review(_streams.Values, now, effects); break;
        }

        foreach (OutgoingStream stream in _streams.Values)
        {
            Serve(stream, effects);
            Resolve(stream, now, effects);
            stream.Flush(effects);
        }
    }

    void OnMessage(OutgoingStream stream, Message message, TimeSpan now, Effects effects)
    {
        switch (message)
        {
            case Register register: _keeper.Register(stream, register, _resolved, now, effects); break;
            case Unregister unregister: _keeper.Unregister(stream, unregister.Session); break;
            case Reset reset: _keeper.Reset(stream, reset, now, effects); break;
            case SessionHeartbeat heartbeat: _keeper.OnHeartbeat(stream, heartbeat, now, effects); break;
            case Credit credit when credit.Stream == _life:
                stream.GrantedBytes = Math.Max(stream.GrantedBytes, credit.GrantedBytes);
                break;
            case RestateRequest request when request.Stream == _life: stream.IsAsked = true; break;
        }
    }

    void OnGrown(LogGrew grown)
    {
        if (grown.Resolved <= _resolved) return;
        foreach (TableId table in grown.Tables) Enqueue(_tables.Of(table));
        if (grown.Tables.Length > 0) Enqueue(_tables.Of(TableId.Every));
        CommitTs after = _resolved;
        while (!_tables.IsEmpty && _log.NextBlock(after, grown.Resolved) is { } block)
        {
            after = block.Event.At;
            EnqueueFor(block);
        }

        _resolved = grown.Resolved;
    }

    void EnqueueFor(LogBlock block)
    {
        if (block.Payload.Influence is Influence.Normal normal)
        {
            foreach (TableId table in normal.Tables) Enqueue(_tables.Of(table));
            Enqueue(_tables.Of(TableId.Every));
            return;
        }

        foreach (OutgoingStream stream in _streams.Values) Enqueue(stream.Sessions.Values);
    }

    void Enqueue(IEnumerable<ServedSession> sessions)
    {
        foreach (ServedSession session in sessions)
        {
            if (session.Epoch == SessionEpoch.None || session.IsBehind) continue;
            session.Sent = CommitTs.Max(session.Sent, _resolved);
            session.Stream.Enqueue(session);
        }
    }

    /// <summary>Sends what there is, to the session first that has been sent least: so all go forward together, and
    /// whoever others wait for is never behind them.</summary>
    void Serve(OutgoingStream stream, Effects effects)
    {
        while (stream.Lowest() is { } session)
        {
            if (session.Sent < _log.Forgotten)
            {
                _keeper.Expel(session, effects);
                continue;
            }

            if (stream.IsStarved(session)) return;
            LogRows? rows =
                _log.NextRows(session.Span, session.Sent, session.Offset, _resolved, SessionLimits.PieceBytes);
            LogBlock? block = session.Offset > 0 ? null : NextBlock(session, rows?.At ?? _resolved);
            if (block is { } first)
            {
                SendBlock(session, first, effects);
            }
            else if (rows is { } piece)
            {
                if (!stream.MaySend(session, piece.Payload.Length)) return;
                SendRows(session, piece, effects);
            }
            else
            {
                session.Sent = CommitTs.Max(session.Sent, _resolved);
                stream.CatchUp(session);
            }
        }
    }

    LogBlock? NextBlock(ServedSession session, CommitTs upTo)
    {
        CommitTs after = session.Sent;
        while (_log.NextBlock(after, upTo) is { } block)
        {
            if (BlockRouting.Concerns(_log, block, session.Span)) return block;
            after = block.Event.At;
        }

        return null;
    }

    static void SendBlock(ServedSession session, LogBlock block, Effects effects)
    {
        session.Sent = block.Event.At;
        StreamItem.Block item = new(session.Key, session.Epoch, ++session.Number, block.Event, block.Payload);
        session.Stream.Add(session, item, ItemBytes.OfBlock(block.Payload), effects);
    }

    static void SendRows(ServedSession session, LogRows piece, Effects effects)
    {
        if (piece.IsLast) (session.Sent, session.Offset) = (piece.At, 0);
        else session.Offset = piece.NextOffset;
        StreamItem.Rows item = new(
            session.Key, session.Epoch, ++session.Number, piece.At, piece.IsLast, piece.Payload);
        session.Stream.AddRows(session, item, effects);
    }

    void Resolve(OutgoingStream stream, TimeSpan now, Effects effects)
    {
        if (stream.Sessions.Count == 0) return;
        if (stream.ResolvedAt is { } last && now - last < SessionLimits.ResolvedPace) return;
        TimeSpan pace = SessionLimits.RestatePace + (SessionLimits.RestatePerSession * stream.Sessions.Count);
        bool isComplete = stream.IsAsked || stream.StatedAt is not { } stated || now - stated >= pace;
        if (isComplete || stream.HasNews(_resolved)) stream.Resolve(_resolved, isComplete, now, effects);
    }

    OutgoingStream StreamOf(NodeId collector)
    {
        if (_streams.TryGetValue(collector, out OutgoingStream? stream)) return stream;
        stream = new OutgoingStream(collector, _life, _batchBytes);
        _streams.Add(collector, stream);
        return stream;
    }
}
