using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A service alone; the test plays the collectors.</summary>
sealed class ServiceCase
{
    public static readonly NodeId Near = new("near"), Far = new("far");
    public static readonly TableSpan One = TableSpan.Whole(new TableId(1)), Two = TableSpan.Whole(new TableId(2));

    readonly Effects _effects = new();
    readonly EventService _service;
    CommitTs _resolved;

    public ServiceCase(ScriptedLog log)
    {
        Log = log;
        _service = new EventService(log, 1);
    }

    public ScriptedLog Log { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>What the last input brought.</summary>
    public List<Effect> Last { get; private set; } = [];

    /// <summary>All items that it has sent.</summary>
    public List<StreamItem> Trace { get; } = [];

    public static SessionKey Key(ulong dispatcher, ulong registration = 1) =>
        new(Mode.Event, new(new(1), dispatcher), registration);

    public void Tell(Input input)
    {
        _service.Handle(input, Now, _effects);
        Last = [.. _effects.Items];
        _effects.Clear();
        Trace.AddRange(Items());
    }

    public void Hear(Message message, NodeId? from = null) =>
        Tell(new Received(Party.Collector(from ?? Near), message));

    public void Pass(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        Tell(Tick.Now);
    }

    public void Grow(ulong commit)
    {
        CommitTs before = _resolved;
        _resolved = CommitTs.End(commit);
        Tell(new LogGrew(_resolved, [.. Log.Touched(before, _resolved)]));
    }

    /// <summary>Registers and resets a session, with credit for all that it may want.</summary>
    public void Begin(SessionKey key, TableSpan span, ulong start = 0, NodeId? from = null)
    {
        Hear(new Register(key, span, CommitTs.End(start), false), from);
        Hear(new Credit(1, 1 << 24), from);
        Hear(new Reset(key, new(1), CommitTs.End(start)), from);
    }

    public IEnumerable<(NodeId To, T Message)> Sent<T>() where T : Message =>
        Last.OfType<Send>().Where(static s => s.Message is T).Select(static s => (s.To.Node, (T)s.Message));

    public IEnumerable<StreamItem> Items() => Sent<StreamBatch>().SelectMany(static b => b.Message.Items);

    public IEnumerable<string> Lines() => Items().Select(LineOf);

    public static string LineOf(StreamItem item) => item switch
    {
        StreamItem.Handshake handshake => $"{Of(handshake.Session)} handshake {handshake.Epoch}",
        StreamItem.Rows rows =>
            $"{Of(rows.Session)} rows {rows.At.Commit} #{rows.Number}{(rows.IsLast ? " last" : "")}",
        StreamItem.Block block => $"{Of(block.Session)} block {block.Event.At.Commit} #{block.Number}",
        StreamItem.Resolved resolved => $"resolved {resolved.Ts.Commit}"
            + string.Concat(resolved.Sent.Select(static p => $" {Of(p.Session)}#{p.Number}{(p.IsBehind ? "-" : "")}")),
        _ => item.ToString(),
    };

    static string Of(SessionKey key) => key.Dispatcher.IsTrigger ? "t" : $"d{key.Dispatcher.Number}";
}
