using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>Brings every session to a service and, wherever something was lost, into a new epoch. Every request is
/// repeated until it is answered.</summary>
internal sealed class Registrar(SessionTable table, IDispatcherProgress progress, ulong firstRegistration)
{
    readonly PriorityQueue<CollectorSession, TimeSpan> _due = new();
    readonly List<Asked> _left = [];
    ulong _registration = firstRegistration;

    public NodeId? Home { get; private set; }

    /// <summary>The last session that was opened.</summary>
    public ulong Opened { get; private set; }

    public void Open(OpenSession open, TimeSpan now, Effects effects)
    {
        Opened = ulong.Max(Opened, open.Session);
        if (table.Find(open.Mode, open.Dispatcher) is { } former)
        {
            if (former.Target.Owner >= open.Owner) return;
            Close(former, effects);
        }

        CollectorSession session = new(
            new(open.Mode, open.Dispatcher, open.Owner, open.Session), open.Span, open.Start);
        table.Add(session);
        AskHome(session, now, effects);
    }

    public void Close(CollectorSession session, Effects effects)
    {
        session.Connection.Leave(_left);
        TakeLeave(session, effects);
        table.Remove(session);
    }

    public void ChangeHome(NodeId? home, TimeSpan now, Effects effects)
    {
        if (Home == home) return;
        Home = home;
        foreach (CollectorSession session in table.All())
        {
            if (session.Connection.LoseHome() is { } unasked) Unregister(session, unasked, effects);
            AskHome(session, now, effects);
        }
    }

    public void Offer(CandidatesOffered offer, TimeSpan now, Effects effects)
    {
        if (table.Find(offer.Mode, offer.Dispatcher) is not { } session) return;
        if (session.Connection.Offer(offer.Services, Home)) AskNext(session, now, effects);
    }

    public void OnReady(NodeId from, SessionKey key, TimeSpan now, Effects effects)
    {
        if (table.Find(key) is not { } session)
        {
            effects.Send(Party.EventService(from), new Unregister(key));
            return;
        }

        bool isTaken = session.Connection.OnReady(from, key.Registration, _left);
        TakeLeave(session, effects);
        if (isTaken) Reset(session, now, effects);
    }

    public void OnNotReusable(NodeId from, SessionKey key, TimeSpan now, Effects effects)
    {
        if (table.Find(key) is not { } session) return;
        if (session.Connection.OnNotReusable(from, key.Registration)) AskNext(session, now, effects);
    }

    /// <summary>A service does not know these: they register again. What it says of another registration is old.
    /// </summary>
    public void OnUnknown(NodeId from, ImmutableArray<SessionKey> keys, TimeSpan now, Effects effects)
    {
        foreach (SessionKey key in keys)
            if (table.FindReader(key, from) is { } session) LoseService(session, now, effects);
    }

    public void OnRefused(NodeId from, ResetRefused refused, TimeSpan now, Effects effects)
    {
        if (table.FindReader(refused.Session, from) is not { } session) return;
        if (refused.Epoch != session.Stream.Epoch || session.Stream.State != StreamState.Waiting) return;
        if (ResetPoint(session) > session.Stream.Start)
        {
            // What it had in hand has become durable meanwhile: perhaps the log reaches as far back as that.
            Reset(session, now, effects);
            return;
        }

        if (session.Connection.IsAtHome || Home is null)
        {
            effects.Add(new SessionRefused(session.Target, session.Stream.Start, refused.Reason, refused.Kind));
            session.Due = null;
            bool isLost = refused.Kind == FaultKind.Permanent;
            Schedule(session, now + (isLost ? SessionLimits.LostRepeat : SessionLimits.RefusedRepeat));
            return;
        }

        session.Connection.Leave(_left);
        TakeLeave(session, effects);
        LoseService(session, now, effects);
    }

    public void OnNodes(ImmutableArray<NodeId> alive, TimeSpan now, Effects effects)
    {
        HashSet<NodeId> living = [.. alive];
        foreach (CollectorSession session in table.All())
        {
            Connection connection = session.Connection;
            if (connection.Current is { } current && !living.Contains(current.Service))
                LoseService(session, now, effects);
            if (connection.Elsewhere is not { } pending || living.Contains(pending.Service)) continue;
            connection.DropElsewhere();
            AskNext(session, now, effects);
        }
    }

    /// <summary>Begins a new epoch at the service that the session has.</summary>
    public void Reset(CollectorSession session, TimeSpan now, Effects effects)
    {
        table.Resolved.Leave(session);
        session.Stream.Reset(ResetPoint(session));
        session.ShortenPause();
        SendReset(session, effects);
        Schedule(session, now + session.NextPause());
    }

    /// <summary>A reset was not answered. It begins as late as it may by now: the log does not keep for it what it has
    /// made durable since.</summary>
    void ResetAgain(CollectorSession session, Effects effects)
    {
        CommitTs start = ResetPoint(session);
        if (start > session.Stream.Start) session.Stream.Reset(start);
        SendReset(session, effects);
    }

    /// <summary>Where the session may begin again: all up to there is durable, whoever sent it.</summary>
    CommitTs ResetPoint(CollectorSession session) =>
        progress.CheckpointOf(session.Target.Mode, session.Target.Dispatcher) ?? session.Stream.Start;

    /// <summary>Up to where the session's service may forget.</summary>
    public CommitTs SafePoint(CollectorSession session) => session.Stream.SafePoint(
        progress.CheckpointOf(session.Target.Mode, session.Target.Dispatcher), table.Resolved.Value);

    /// <summary>The session reads from nobody: its home is asked, again.</summary>
    public void LoseService(CollectorSession session, TimeSpan now, Effects effects)
    {
        table.Resolved.Leave(session);
        session.Connection.Unbind();
        session.Stream.Unbind();
        AskHome(session, now, effects);
        AskNext(session, now, effects);
    }

    /// <summary>Says again what has not been answered.</summary>
    public void Repeat(TimeSpan now, Effects effects)
    {
        while (_due.TryPeek(out CollectorSession? session, out TimeSpan due) && due <= now)
        {
            _due.Dequeue();
            if (session.IsClosed || session.Due != due) continue;
            session.Due = null;
            if (session.Connection.Home is { } home) SendRegister(session, home, isHome: true, effects);
            if (session.Connection.Elsewhere is { } pending) SendRegister(session, pending, isHome: false, effects);
            if (session.Stream.State == StreamState.Waiting) ResetAgain(session, effects);
            else if (session.Connection.Home is null && session.Connection.Elsewhere is null) continue;
            Schedule(session, now + session.NextPause());
        }
    }

    void AskHome(CollectorSession session, TimeSpan now, Effects effects)
    {
        if (Home is not { } home || session.Connection.Home is not null) return;
        session.Connection.AskHome(home, _registration++);
        SendRegister(session, session.Connection.Home!.Value, isHome: true, effects);
        session.ShortenPause();
        Schedule(session, now + session.NextPause());
    }

    /// <summary>Of a session that has no service, and asks no other candidate.</summary>
    void AskNext(CollectorSession session, TimeSpan now, Effects effects)
    {
        if (session.Connection.AskNext(_registration))
        {
            _registration++;
            SendRegister(session, session.Connection.Elsewhere!.Value, isHome: false, effects);
            session.ShortenPause();
            Schedule(session, now + session.NextPause());
            return;
        }

        effects.Add(new CandidatesWanted(session.Target, session.Span, ResetPoint(session)));
    }

    void Schedule(CollectorSession session, TimeSpan due)
    {
        if (session.Due is { } earlier && earlier <= due) return;
        session.Due = due;
        _due.Enqueue(session, due);
    }

    void TakeLeave(CollectorSession session, Effects effects)
    {
        foreach (Asked asked in _left) Unregister(session, asked, effects);
        _left.Clear();
    }

    static void Unregister(CollectorSession session, Asked asked, Effects effects) =>
        effects.Send(Party.EventService(asked.Service), new Unregister(session.Key(asked)));

    void SendRegister(CollectorSession session, Asked asked, bool isHome, Effects effects) =>
        effects.Send(
            Party.EventService(asked.Service),
            new Register(session.Key(asked), session.Span, ResetPoint(session), OnlyReuse: !isHome));

    static void SendReset(CollectorSession session, Effects effects)
    {
        if (session.Connection.Current is not { } current) return;
        Reset reset = new(session.Key(current), session.Stream.Epoch, session.Stream.Start);
        effects.Send(Party.EventService(current.Service), reset);
    }
}
