using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>The receiving half of event delivery, one per changefeed and node: brings the events of every dispatcher of
/// the node to its manager, each step once and in order, whatever the transport loses, repeats or mixes up.</summary>
/// <remarks>The manager opens and closes sessions, gives bytes back, and gets <see cref="DeliverRows"/>,
/// <see cref="DeliverBlock"/> and <see cref="DeliverResolved"/>. Handling never waits for a dispatcher.</remarks>
public sealed class EventCollector : IRole
{
    readonly SessionTable _table = new();
    readonly CreditPool _pool;
    readonly Registrar _registrar;
    readonly StreamReceiver _receiver;
    TimeSpan? _lastHeartbeat;

    /// <param name="progress">The dispatchers of the node.</param>
    /// <param name="poolBytes">How many bytes of rows may be under way to the node, or wait in it.</param>
    /// <param name="firstRegistration">Greater than any number that an earlier collector of the changefeed used in
    /// this life of the node; a later one is to begin beyond what this one can have used.</param>
    public EventCollector(IDispatcherProgress progress, long poolBytes, ulong firstRegistration = 1)
    {
        _pool = new CreditPool(poolBytes);
        _registrar = new Registrar(_table, progress, firstRegistration);
        _receiver = new StreamReceiver(_table, _registrar, _pool);
    }

    /// <summary>What the dispatchers hold of the pool.</summary>
    public long HeldBytes => _pool.HeldBytes;

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        switch (input)
        {
            case OpenSession open: _registrar.Open(open, now, effects); break;
            case CloseSession close: OnClose(close, effects); break;
            case HomeChanged home: _registrar.ChangeHome(home.Service, now, effects); break;
            case CandidatesOffered offer: _registrar.Offer(offer, now, effects); break;
            case RowsReleased released: _pool.Release(released.Bytes); break;
            case NodesChanged nodes: _registrar.OnNodes(nodes.Alive, now, effects); break;
            case Received { From.Role: Role.EventService } received:
                OnMessage(received.From.Node, received.Message, now, effects);
                break;
            case Tick: OnTick(now, effects); break;
        }

        _pool.Grant(_table.Streams, now, effects);
    }

    void OnMessage(NodeId from, Message message, TimeSpan now, Effects effects)
    {
        switch (message)
        {
            case StreamBatch batch: _receiver.OnBatch(from, batch, now, effects); break;
            case Ready ready: _registrar.OnReady(from, ready.Session, now, effects); break;
            case NotReusable not: _registrar.OnNotReusable(from, not.Session, now, effects); break;
            case ResetRefused refused: _registrar.OnRefused(from, refused, now, effects); break;
            case SessionsUnknown unknown: _registrar.OnUnknown(from, unknown.Sessions, now, effects); break;
        }
    }

    void OnClose(CloseSession close, Effects effects)
    {
        if (_table.Find(close.Mode, close.Dispatcher) is not { } session) return;
        if (session.Target.Owner == close.Owner) _registrar.Close(session, effects);
    }

    void OnTick(TimeSpan now, Effects effects)
    {
        _registrar.Repeat(now, effects);
        _receiver.Repeat(now, effects);
        if (_lastHeartbeat is { } last && now - last < SessionLimits.HeartbeatPace) return;
        _lastHeartbeat = now;
        SendHeartbeats(effects);
    }

    void SendHeartbeats(Effects effects)
    {
        SortedDictionary<NodeId, ImmutableArray<SessionProgress>.Builder> byService = [];
        foreach (CollectorSession session in _table.All())
        {
            if (session.Connection.Current is not { } current) continue;
            if (!byService.TryGetValue(current.Service, out ImmutableArray<SessionProgress>.Builder? some))
                byService.Add(current.Service, some = ImmutableArray.CreateBuilder<SessionProgress>());
            some.Add(new(session.Key(current), session.Stream.Epoch, _registrar.SafePoint(session)));
            if (some.Count == SessionLimits.NamedSessions) Say(current.Service, some, effects);
        }

        foreach ((NodeId service, ImmutableArray<SessionProgress>.Builder rest) in byService)
            if (rest.Count > 0) Say(service, rest, effects);
        _table.Streams.RemoveAll(stream => !byService.ContainsKey(stream.Service));
    }

    static void Say(NodeId service, ImmutableArray<SessionProgress>.Builder some, Effects effects) =>
        effects.Send(Party.EventService(service), new SessionHeartbeat(some.DrainToImmutable()));
}
