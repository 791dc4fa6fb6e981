using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>Takes what comes on the streams, and hands over what is new. Nothing in here waits: what a dispatcher can't
/// take yet is its manager's to keep, and credit bounds it.</summary>
internal sealed class StreamReceiver(SessionTable table, Registrar registrar, CreditPool pool)
{
    long _statements;

    public void OnBatch(NodeId from, StreamBatch batch, TimeSpan now, Effects effects)
    {
        if (StreamFor(from, batch.Stream, now, effects) is not { } stream) return;
        stream.OnBatch(batch);
        long number = batch.First;
        foreach (StreamItem item in batch.Items)
            if (stream.Takes(number++)) Take(stream, item, now, effects);
        if (stream.NeedsComplete) AskForAll(stream, now, effects);
    }

    /// <summary>Asks again for what a stream with a gap lacks.</summary>
    public void Repeat(TimeSpan now, Effects effects)
    {
        foreach (IncomingStream stream in table.Streams)
            if (stream.NeedsComplete) AskForAll(stream, now, effects);
    }

    /// <summary>The stream of a service's present life. What an earlier life sent is of no use, and the sessions that
    /// it served are unknown to the present one.</summary>
    IncomingStream? StreamFor(NodeId service, ulong number, TimeSpan now, Effects effects)
    {
        if (table.StreamOf(service) is { } known)
        {
            if (known.Number == number) return known;
            if (known.Number > number) return null;
            table.Streams.Remove(known);
            foreach (CollectorSession session in table.All())
                if (session.IsServedBy(service)) registrar.LoseService(session, now, effects);
        }

        IncomingStream stream = new(service, number) { HeldElsewhere = pool.HeldBytes };
        table.Streams.Add(stream);
        return stream;
    }

    static void AskForAll(IncomingStream stream, TimeSpan now, Effects effects)
    {
        if (stream.AskedForAll is { } asked && now - asked < SessionLimits.RestateAskPace) return;
        stream.AskedForAll = now;
        effects.Send(Party.EventService(stream.Service), new RestateRequest(stream.Number));
    }

    void Take(IncomingStream stream, StreamItem item, TimeSpan now, Effects effects)
    {
        if (item is StreamItem.Positions positions)
        {
            stream.AddPart(positions.Sent);
            return;
        }

        switch (item)
        {
            case StreamItem.Handshake handshake: OnHandshake(stream, handshake, now, effects); break;
            case StreamItem.Rows rows: OnRows(stream, rows, now, effects); break;
            case StreamItem.Block block: OnBlock(stream, block, now, effects); break;
            case StreamItem.Resolved resolved: OnResolved(stream, resolved, now, effects); break;
        }

        stream.ForgetParts();
    }

    void OnHandshake(IncomingStream stream, StreamItem.Handshake handshake, TimeSpan now, Effects effects)
    {
        if (table.FindReader(handshake.Session, stream.Service) is not { } session) return;
        Judge(session, session.Stream.OnHandshake(handshake.Epoch), now, effects);
    }

    void OnRows(IncomingStream stream, StreamItem.Rows rows, TimeSpan now, Effects effects)
    {
        if (table.FindReader(rows.Session, stream.Service) is not { } session) return;
        if (!Judge(session, session.Stream.OnRows(rows, out bool isFirst), now, effects)) return;
        pool.Hold(rows.Payload.Length, stream, table.Streams);
        effects.Add(new DeliverRows(session.Target, rows.At, isFirst, rows.IsLast, rows.Payload));
    }

    void OnBlock(IncomingStream stream, StreamItem.Block block, TimeSpan now, Effects effects)
    {
        if (table.FindReader(block.Session, stream.Service) is not { } session) return;
        if (!Judge(session, session.Stream.OnBlock(block), now, effects)) return;
        effects.Add(new DeliverBlock(session.Target, block.Event, block.Payload));
    }

    void OnResolved(IncomingStream stream, StreamItem.Resolved resolved, TimeSpan now, Effects effects)
    {
        if (!stream.Believes(resolved)) return;
        _statements++;
        foreach (SessionPosition position in stream.Parts)
            OnNamed(stream, position, resolved, now, effects);
        foreach (SessionPosition position in resolved.Sent)
            OnNamed(stream, position, resolved, now, effects);
        if (resolved.IsComplete) OnNotNamed(stream, now, effects);
        stream.Resolved = stream.Resolved is { } former ? CommitTs.Max(former, resolved.Ts) : resolved.Ts;
        JoinCaughtUp(stream, resolved.Ts);
        table.Resolved.Deliver(table.Streams, registrar.Opened, effects);
    }

    void OnNamed(
        IncomingStream stream, SessionPosition position, StreamItem.Resolved resolved, TimeSpan now, Effects effects)
    {
        if (table.FindReader(position.Session, stream.Service) is not { } session)
        {
            if (resolved.IsComplete)
                effects.Send(Party.EventService(stream.Service), new Unregister(position.Session));
            return;
        }

        session.NamedIn = _statements;
        if (!Judge(session, session.Stream.OnNamed(position), now, effects)) return;
        if (position.IsBehind) table.Resolved.Leave(session);
        else table.Resolved.Join(session, stream, resolved.Ts);
    }

    /// <summary>Whom a complete statement does not name, the service does not know.</summary>
    void OnNotNamed(IncomingStream stream, TimeSpan now, Effects effects)
    {
        foreach (CollectorSession session in table.All())
        {
            if (session.NamedIn != _statements && session.IsServedBy(stream.Service))
                registrar.LoseService(session, now, effects);
        }
    }

    void JoinCaughtUp(IncomingStream stream, CommitTs resolved)
    {
        if (stream.CaughtUp.Count == 0 || resolved < table.Resolved.Value) return;
        ImmutableArray<CollectorSession> caughtUp = [.. stream.CaughtUp];
        stream.CaughtUp.Clear();
        foreach (CollectorSession session in caughtUp)
            if (session.CaughtUpWith == stream) table.Resolved.Join(session, stream, resolved);
    }

    bool Judge(CollectorSession session, Verdict verdict, TimeSpan now, Effects effects)
    {
        if (verdict == Verdict.Reset) registrar.Reset(session, now, effects);
        return verdict == Verdict.Take;
    }
}
