using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A collector alone; the test plays the services and the dispatchers.</summary>
sealed class CollectorCase : IDispatcherProgress
{
    public static readonly NodeId Home = new("home"), Near = new("near"), Far = new("far");
    public static readonly TableSpan Span = TableSpan.Whole(new TableId(7));

    readonly Effects _effects = new();
    readonly EventCollector _collector;
    readonly Dictionary<NodeId, long> _next = [];
    readonly Dictionary<NodeId, long> _sentBytes = [];

    public CollectorCase(NodeId? home = null, long pool = 1 << 20)
    {
        _collector = new EventCollector(this, pool);
        if (home is not null) Tell(new HomeChanged(home));
    }

    public CommitTs? Checkpoint { get; set; }

    public TimeSpan Now { get; private set; }

    /// <summary>What the last input brought.</summary>
    public List<Effect> Last { get; private set; } = [];

    /// <summary>How often it asked for a checkpoint.</summary>
    public int Questions { get; private set; }

    public CommitTs? CheckpointOf(Mode mode, DispatcherId dispatcher)
    {
        Questions++;
        return Checkpoint;
    }

    public static CommitTs At(ulong commit) => new(commit, 0);

    public static DispatcherId Id(ulong number) => new(new(1), number);

    public static CollectorCase WithSession(out SessionKey key, NodeId? home = null)
    {
        CollectorCase test = new(home ?? Home);
        key = test.OpenAtHome();
        return test;
    }

    public void Tell(Input input)
    {
        _collector.Handle(input, Now, _effects);
        Last = [.. _effects.Items];
        _effects.Clear();
    }

    public void Hear(NodeId from, Message message) => Tell(new Received(Party.EventService(from), message));

    public void Pass(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        Tell(Tick.Now);
    }

    public void Open(ulong number = 1, ulong owner = 1, ulong start = 100) =>
        Tell(new OpenSession(Mode.Event, Id(number), new(1, owner), Span, At(start)));

    /// <summary>Opens a session, has it taken by the home service, and hands its handshake over.</summary>
    public SessionKey OpenAtHome(ulong number = 1, NodeId? home = null)
    {
        Open(number);
        SessionKey key = Sent<Register>().Single().Message.Session;
        Hear(home ?? Home, new Ready(key));
        Reset reset = Sent<Reset>().Single().Message;
        Stream(home ?? Home, new StreamItem.Handshake(key, reset.Epoch, reset.Start));
        return key;
    }

    /// <summary>The next items of a service's stream, in one batch.</summary>
    public void Stream(NodeId service, params StreamItem[] items) => StreamFrom(service, NextOf(service), items);

    public void StreamFrom(NodeId service, long first, params StreamItem[] items)
    {
        _sentBytes[service] = _sentBytes.GetValueOrDefault(service)
            + items.OfType<StreamItem.Rows>().Sum(static r => (long)r.Payload.Length);
        _next[service] = Math.Max(NextOf(service), first + items.Length);
        Hear(service, new StreamBatch(1, first, _sentBytes[service], [.. items]));
    }

    public long NextOf(NodeId service) => _next.GetValueOrDefault(service, 1);

    public IEnumerable<(NodeId To, T Message)> Sent<T>() where T : Message =>
        Last.OfType<Send>().Where(static s => s.Message is T).Select(static s => (s.To.Node, (T)s.Message));

    public IEnumerable<string> Delivered() => Last.Select(static effect => effect switch
    {
        DeliverRows rows => $"rows {rows.At.Commit}{(rows.IsFirst ? " first" : "")}{(rows.IsLast ? " last" : "")}",
        DeliverBlock block => $"block {block.Event.At.Commit}",
        DeliverResolved resolved => $"resolved {resolved.Ts.Commit} but {resolved.Except.Length}",
        _ => "",
    }).Where(static line => line.Length > 0);

    public static StreamItem Rows(SessionKey key, uint epoch, long number, ulong commit, bool isLast = true) =>
        new StreamItem.Rows(key, new(epoch), number, At(commit), isLast, new byte[10]);

    public static StreamItem Ddl(SessionKey key, uint epoch, long number, ulong commit) => new StreamItem.Block(
        key, new(epoch), number, new(At(commit), false), BlockPayload.Of(new Influence.All()));

    public static StreamItem Resolved(ulong commit, params SessionPosition[] sent) =>
        new StreamItem.Resolved(At(commit), [.. sent], false, 0);

    public static StreamItem Complete(ulong commit, params SessionPosition[] sent) =>
        new StreamItem.Resolved(At(commit), [.. sent], true, 0);

    public static SessionPosition Named(SessionKey key, uint epoch, long number, bool isBehind = false) =>
        new(key, new(epoch), number, isBehind);
}
