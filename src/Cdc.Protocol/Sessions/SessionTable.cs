using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>The open sessions of a collector, and its streams.</summary>
internal sealed class SessionTable
{
    readonly Dictionary<(Mode, DispatcherId), CollectorSession> _sessions = [];

    public List<IncomingStream> Streams { get; } = [];

    public ResolvedOfAll Resolved { get; } = new();

    public CollectorSession? Find(Mode mode, DispatcherId dispatcher) =>
        _sessions.GetValueOrDefault((mode, dispatcher));

    public CollectorSession? Find(SessionKey key) => Find(key.Mode, key.Dispatcher);

    /// <summary>The session that reads under this registration from there; null: it is not, or not any more.</summary>
    public CollectorSession? FindReader(SessionKey key, NodeId service) =>
        Find(key) is { } session && session.Connection.IsFrom(service, key.Registration) ? session : null;

    public void Add(CollectorSession session)
    {
        _sessions.Add((session.Target.Mode, session.Target.Dispatcher), session);
        Resolved.Open(session);
    }

    public void Remove(CollectorSession session)
    {
        session.IsClosed = true;
        _sessions.Remove((session.Target.Mode, session.Target.Dispatcher));
        Resolved.Close(session);
    }

    /// <summary>All of them, in a fixed order; for what happens rarely.</summary>
    public List<CollectorSession> All()
    {
        List<CollectorSession> all = [.. _sessions.Values];
        all.Sort();
        return all;
    }

    public IncomingStream? StreamOf(NodeId service)
    {
        foreach (IncomingStream stream in Streams)
            if (stream.Service == service) return stream;
        return null;
    }
}
