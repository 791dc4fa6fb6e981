using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>Who is registered at a service: takes registrations and resets, answers those that it can't serve, and
/// knows what the log may forget.</summary>
internal sealed class SessionKeeper(IEventLog log, ServedTables tables)
{
    SessionsNeed? _said;
    TimeSpan? _reviewedAt;

    public void Register(
        OutgoingStream stream, Register register, CommitTs resolved, TimeSpan now, Effects effects)
    {
        SessionKey key = register.Session;
        Party collector = Party.Collector(stream.Collector);
        if (stream.Sessions.TryGetValue((key.Mode, key.Dispatcher), out ServedSession? known))
        {
            if (known.Key.Registration > key.Registration) return;
            if (known.Key.Registration == key.Registration)
            {
                effects.Send(collector, new Ready(key));
                return;
            }

            Remove(stream, known);
        }

        if (register.OnlyReuse && (register.Start < log.Forgotten || register.Start > resolved))
        {
            effects.Send(collector, new NotReusable(key));
            return;
        }

        ServedSession session = new(key, register.Span, register.Start, stream) { LastSeen = now };
        stream.Sessions.Add((key.Mode, key.Dispatcher), session);
        tables.Add(session);
        effects.Send(collector, new Ready(key));
    }

    public void Unregister(OutgoingStream stream, SessionKey key)
    {
        if (Find(stream, key) is { } session) Remove(stream, session);
    }

    public void Reset(OutgoingStream stream, Reset reset, TimeSpan now, Effects effects)
    {
        Party collector = Party.Collector(stream.Collector);
        if (Find(stream, reset.Session) is not { } session)
        {
            effects.Send(collector, new SessionsUnknown([reset.Session]));
            return;
        }

        session.LastSeen = now;
        if (reset.Epoch.CompareTo(session.Epoch) <= 0) return;
        if (reset.Start < log.Forgotten)
        {
            effects.Send(collector, Refusal(reset));
            return;
        }

        (session.Epoch, session.Number) = (reset.Epoch, 1);
        (session.Sent, session.Offset, session.BeyondIn) = (reset.Start, 0, 0);
        StreamItem.Handshake handshake = new(session.Key, session.Epoch, reset.Start);
        stream.Add(session, handshake, ItemBytes.Head, effects);
    }

    /// <summary>What it is to be sent next has been forgotten, since it is durable: it begins again behind that.
    /// </summary>
    public void Expel(ServedSession session, Effects effects)
    {
        Remove(session.Stream, session);
        session.Stream.IsAsked = true;
        effects.Send(Party.Collector(session.Stream.Collector), new SessionsUnknown([session.Key]));
    }

    ResetRefused Refusal(Reset reset)
    {
        bool isLost = reset.Start < log.LostUpTo;
        string reason = isLost
            ? $"What the source did from {reset.Start} to {log.LostUpTo} is lost: it no longer has its log of that."
            : $"The log no longer has what lies behind {reset.Start}; it begins behind {log.Forgotten}.";
        return new(reset.Session, reset.Epoch, reason, isLost ? FaultKind.Permanent : FaultKind.Transient);
    }

    public void OnHeartbeat(OutgoingStream stream, SessionHeartbeat heartbeat, TimeSpan now, Effects effects)
    {
        ImmutableArray<SessionKey>.Builder? unknown = null;
        foreach (SessionProgress progress in heartbeat.Sessions)
        {
            if (Find(stream, progress.Session) is not { } session)
            {
                (unknown ??= ImmutableArray.CreateBuilder<SessionKey>()).Add(progress.Session);
                continue;
            }

            session.LastSeen = now;
            session.Checkpoint = CommitTs.Max(session.Checkpoint, progress.Checkpoint);
        }

        if (unknown is null) return;
        effects.Send(Party.Collector(stream.Collector), new SessionsUnknown(unknown.DrainToImmutable()));
    }

    /// <summary>Now and then: forgets sessions that nobody speaks of, and says what the others need.</summary>
    public void Review(IEnumerable<OutgoingStream> streams, TimeSpan now, Effects effects)
    {
        if (_reviewedAt is { } last && now - last < SessionLimits.HeartbeatPace) return;
        _reviewedAt = now;
        CommitTs? needed = null;
        foreach (OutgoingStream stream in streams)
        {
            List<ServedSession>? silent = null;
            foreach (ServedSession session in stream.Sessions.Values)
            {
                if (now - session.LastSeen >= SessionLimits.SessionExpiry)
                {
                    (silent ??= []).Add(session);
                    continue;
                }

                // Who is not behind has been sent all that there is, however long ago something was.
                CommitTs own = session.Epoch == SessionEpoch.None || session.IsBehind
                    ? CommitTs.Min(session.Checkpoint, session.Sent)
                    : session.Checkpoint;
                needed = needed is { } other ? CommitTs.Min(other, own) : own;
            }

            if (silent is null) continue;
            foreach (ServedSession session in silent) Remove(stream, session);
            // A Resolved holds for everybody in step, and nothing is sent to these any more: they hear first that they
            // are not known.
            stream.IsAsked = true;
        }

        SessionsNeed need = new(needed);
        if (need == _said) return;
        _said = need;
        effects.Add(need);
    }

    void Remove(OutgoingStream stream, ServedSession session)
    {
        session.IsRemoved = true;
        stream.Sessions.Remove((session.Key.Mode, session.Key.Dispatcher));
        tables.Remove(session);
    }

    static ServedSession? Find(OutgoingStream stream, SessionKey key) =>
        stream.Sessions.TryGetValue((key.Mode, key.Dispatcher), out ServedSession? session) && session.Key == key
            ? session
            : null;
}
