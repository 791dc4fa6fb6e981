using System.Collections.Concurrent;

namespace Cdc.Postgres.Target;

/// <summary>Sessions that copy tables, used again by the next table. Any thread.</summary>
internal sealed class CopyLanes(TargetSessions sessions) : IDisposable
{
    readonly ConcurrentBag<TargetSession> _idle = [];
    readonly ConcurrentDictionary<TargetSession, bool> _all = [];
    readonly CancellationTokenSource _ended = new();

    /// <summary>An idle session, or a new one. Blocks.</summary>
    public TargetSession Take()
    {
        if (_idle.TryTake(out TargetSession? idle)) return idle;
        TargetSession session = sessions.Open(_ended.Token);
        _all[session] = true;
        return session;
    }

    /// <summary>Takes back a session that is outside a transaction.</summary>
    public void GiveBack(TargetSession session) => _idle.Add(session);

    /// <summary>Ends a session, and with it what it has not committed.</summary>
    public void End(TargetSession session)
    {
        _all.TryRemove(session, out _);
        session.Connection.Cancel();
        session.Dispose();
    }

    /// <summary>Ends all that are idle.</summary>
    public void EndIdle()
    {
        while (_idle.TryTake(out TargetSession? session))
        {
            _all.TryRemove(session, out _);
            session.Dispose();
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        EndIdle();
        foreach (TargetSession session in _all.Keys) session.Connection.Cancel();
    }
}
