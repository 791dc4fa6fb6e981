using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Delivery;

/// <summary>Joins the two roles of a node between which events go: what the collector delivers waits here until the
/// dispatcher is awake, and what the manager opens and closes reaches the collector.</summary>
/// <remarks>
/// <para>Nobody waits in it: the collector's credit bounds what lies here.</para>
/// <para>A Resolved of all sessions is passed on once. A session that still has items here, or that it does not hold
/// for, does not follow; it is said to have caught up when its items are gone.</para>
/// <para>Owned by the node, called by one thread at a time. Every effect of either role goes through it in the order in
/// which it was made.</para>
/// </remarks>
public sealed class DeliveryLink(Action<Input> toManager, Action<Input> toCollector)
{
    readonly Dictionary<(Mode Mode, DispatcherId Dispatcher), LinkedSession> _sessions = [];
    readonly List<LinkedSession> _awake = [];
    readonly HashSet<(Mode Mode, DispatcherId Dispatcher)> _left = [];
    CommitTs _resolved;
    ImmutableArray<SessionTarget> _except = [];

    /// <summary>The one stream of the manager; the collector hides the services behind it.</summary>
    const ulong Stream = 1;

    /// <summary>Does what the manager wants of its session.</summary>
    public void Do(DispatcherEffect effect)
    {
        (Mode Mode, DispatcherId Dispatcher) key = (effect.Mode, effect.Dispatcher);
        switch (effect)
        {
            case Dispatching.OpenSession open:
                Close(key, open.Owner);
                _sessions[key] = new(new(open.Mode, open.Dispatcher, open.Owner), open.Registration);
                _left.Add(key);
                toCollector(new Sessions.OpenSession(open.Mode, open.Dispatcher, open.Owner, open.Span, open.Start));
                break;
            case Dispatching.CloseSession close when Find(key, close.Registration) is not null:
                Close(key, close.Owner);
                break;
            case WakeSession wake when Find(key, wake.Registration) is { } session:
                if (session.Wake() is var bytes && bytes > 0) toCollector(new RowsReleased(bytes));
                session.HandOver(toManager);
                FollowIfDrained(session);
                break;
            default:
                break; // Of a registration that has ended.
        }
    }

    /// <summary>Passes on what the collector delivers.</summary>
    public void Do(Effect effect)
    {
        switch (effect)
        {
            case DeliverRows rows:
                if (Find(rows.To) is not { } owner)
                {
                    if (rows.Payload.Length > 0) toCollector(new RowsReleased(rows.Payload.Length));
                    break;
                }

                Add(owner, rows);
                break;
            case DeliverBlock block when Find(block.To) is { } session:
                Add(session, block);
                break;
            case DeliverResolved resolved:
                Resolve(resolved);
                break;
            default:
                break;
        }
    }

    void Add(LinkedSession session, Effect item)
    {
        // One that follows has nothing here, so this item is handed over at once and the manager knows that it does
        // not follow any more before the next Resolved.
        session.Add(item);
        session.HandOver(toManager);
        _left.Add((session.Target.Mode, session.Target.Dispatcher));
    }

    void Resolve(DeliverResolved resolved)
    {
        // The same array as before: nobody joined or left those that it does not hold for.
        if (resolved.Except != _except) Excuse(resolved.Except);
        _resolved = resolved.Ts;
        toManager(new ResolvedArrived(Stream, resolved.Ts));
        if (_left.Count == 0) return;

        _awake.Clear();
        foreach ((Mode, DispatcherId) key in _left)
        {
            if (_sessions.TryGetValue(key, out LinkedSession? session)) _awake.Add(session);
        }

        _awake.Sort(static (left, right) => left.Registration.CompareTo(right.Registration));
        foreach (LinkedSession session in _awake) FollowIfDrained(session);
    }

    void Excuse(ImmutableArray<SessionTarget> except)
    {
        foreach (SessionTarget target in _except)
        {
            if (Find(target) is { } session) session.IsExcused = false;
        }

        foreach (SessionTarget target in except)
        {
            if (Find(target) is not { } session) continue;
            session.IsExcused = true;
            _left.Add((target.Mode, target.Dispatcher));
            session.FallBehind(toManager);
        }

        _except = except;
    }

    void FollowIfDrained(LinkedSession session)
    {
        if (!session.Follow(_resolved, Stream, toManager)) return;
        _left.Remove((session.Target.Mode, session.Target.Dispatcher));
    }

    void Close((Mode Mode, DispatcherId Dispatcher) key, Owner owner)
    {
        if (!_sessions.Remove(key, out LinkedSession? session)) return;
        _left.Remove(key);
        if (session.Release() is var bytes && bytes > 0) toCollector(new RowsReleased(bytes));
        toCollector(new Sessions.CloseSession(key.Mode, key.Dispatcher, session.Target.Owner));
    }

    LinkedSession? Find((Mode Mode, DispatcherId Dispatcher) key, ulong registration) =>
        _sessions.TryGetValue(key, out LinkedSession? session) && session.Registration == registration ? session : null;

    LinkedSession? Find(SessionTarget target) =>
        _sessions.TryGetValue((target.Mode, target.Dispatcher), out LinkedSession? session) && session.Target == target
            ? session
            : null;
}
