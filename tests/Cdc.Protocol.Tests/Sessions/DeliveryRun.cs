using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

public enum Fault
{
    None,
    Lost,
    Twice,
    Late,
    VeryLate,
}

/// <summary>One node with its dispatchers, one service with its log, and a network between them in which the test
/// decides what happens to each single message.</summary>
sealed class DeliveryRun : IDispatcherProgress
{
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    static readonly NodeId Node = new("a");

    /// <summary>The services: both read the same log.</summary>
    public static readonly NodeId Source = new("s"), Other = new("t");

    readonly PriorityQueue<(Party From, Party To, Message Message), (TimeSpan, long)> _network = new();
    readonly SortedDictionary<(Mode, DispatcherId), ModelDispatcher> _dispatchers = [];
    readonly Effects _effects = new();
    readonly EventCollector _collector;
    readonly Func<int, Message, Fault> _fault;
    readonly int _batchBytes;
    readonly SortedDictionary<NodeId, EventService> _services = [];
    CommitTs _resolved;
    ulong _life;
    long _order, _given, _sent;

    public DeliveryRun(ScriptedLog log, Func<int, Message, Fault>? fault = null, long pool = 1 << 20, int batchBytes = 250)
    {
        (Log, _batchBytes) = (log, batchBytes);
        _fault = fault ?? (static (_, _) => Fault.None);
        _collector = new EventCollector(this, pool);
        foreach (NodeId service in (NodeId[])[Source, Other]) RestartService(service);
        Tell(new HomeChanged(Source));
    }

    public ScriptedLog Log { get; }
    public TimeSpan Now { get; private set; }

    /// <summary>How many messages were sent.</summary>
    public int Messages { get; private set; }

    public List<Message> Trace { get; } = [];
    public List<Effect> Told { get; } = [];

    /// <summary>How many bytes were sent and not given back, at most.</summary>
    public long MostBytes { get; private set; }

    /// <summary>How many bytes the dispatchers had, at most.</summary>
    public long MostHeld { get; private set; }

    /// <summary>Whether dispatchers give rows back as they come, and make them durable after a while.</summary>
    public bool TakesRows { get; set; } = true;

    /// <summary>Whether a barrier opens when all that are open have come to it.</summary>
    public bool PassesBarriers { get; set; } = true;

    public CommitTs? CheckpointOf(Mode mode, DispatcherId dispatcher) =>
        _dispatchers.GetValueOrDefault((mode, dispatcher))?.Checkpoint;

    public ModelDispatcher Open(ulong number, TableSpan span, CommitTs start = default, ulong owner = 1)
    {
        DispatcherId id = span.Table == TableId.Trigger ? DispatcherId.TriggerOf(Mode.Event) : new(new(1), number);
        ModelDispatcher dispatcher = new(new(Mode.Event, id, new(1, owner)), span, start, Log);
        _dispatchers[(Mode.Event, id)] = dispatcher;
        Tell(new OpenSession(Mode.Event, id, dispatcher.Target.Owner, span, start));
        return dispatcher;
    }

    public void Close(ModelDispatcher dispatcher)
    {
        _dispatchers.Remove((dispatcher.Target.Mode, dispatcher.Target.Dispatcher));
        if (dispatcher.Drop() is > 0 and long bytes) GiveBack(bytes);
        Tell(new CloseSession(dispatcher.Target.Mode, dispatcher.Target.Dispatcher, dispatcher.Target.Owner));
    }

    public void Grow(ulong commit)
    {
        CommitTs before = _resolved;
        _resolved = CommitTs.End(commit);
        foreach (NodeId service in _services.Keys)
            ToService(service, new LogGrew(_resolved, [.. Log.Touched(before, _resolved)]));
    }

    /// <summary>A service dies with all it knows; another life begins and reads the log from what it still has.
    /// </summary>
    public void RestartService(NodeId service)
    {
        _services[service] = new EventService(Log, ++_life, _batchBytes);
        ToService(service, new LogGrew(_resolved, [.. Log.Touched(CommitTs.Zero, _resolved)]));
    }

    public void Run(double seconds)
    {
        TimeSpan end = Now + TimeSpan.FromSeconds(seconds);
        while (Now < end) Advance();
    }

    /// <summary>Goes on until every dispatcher has everything that the log has.</summary>
    public void Finish(double seconds = 90)
    {
        TimeSpan end = Now + TimeSpan.FromSeconds(seconds);
        while (!_dispatchers.Values.All(d => d.HasAll(_resolved)))
        {
            Assert.True(Now < end, $"Not all has come after {seconds} s.");
            Advance();
        }
    }

    public void Tell(Input input)
    {
        _collector.Handle(input, Now, _effects);
        Do(Party.Collector(Node));
    }

    public void ToService(NodeId service, Input input)
    {
        _services[service].Handle(input, Now, _effects);
        Do(Party.EventService(service));
    }

    public void GiveBack(long bytes)
    {
        _given += bytes;
        Tell(new RowsReleased(bytes));
    }

    public long Held => _collector.HeldBytes;

    void Advance()
    {
        Now += Step;
        while (_network.TryPeek(out _, out (TimeSpan Due, long) key) && key.Due <= Now)
        {
            (Party from, Party to, Message message) = _network.Dequeue();
            if (to.Role == Role.Collector) Tell(new Received(from, message));
            else ToService(to.Node, new Received(from, message));
        }

        if (Now.TotalMilliseconds % 100 == 0)
        {
            Tell(Tick.Now);
            foreach (NodeId service in _services.Keys) ToService(service, Tick.Now);
        }

        if (Now.TotalMilliseconds % 75 == 0 && TakesRows) TakeRows();
    }

    /// <summary>Every dispatcher takes what it can; those that all stand at the same block event pass it.</summary>
    void TakeRows()
    {
        foreach (ModelDispatcher dispatcher in _dispatchers.Values)
            if (dispatcher.Flush() is > 0 and long bytes) GiveBack(bytes);
        BlockEventId? first = _dispatchers.Values.Select(static d => d.Pending).Where(static p => p is not null).Min();
        if (first is not { } block || !PassesBarriers) return;
        List<ModelDispatcher> stopped = [.. _dispatchers.Values.Where(d => d.IsStoppedBy(block))];
        if (!stopped.All(d => d.Pending == block || d.Checkpoint >= block.At)) return;
        foreach (ModelDispatcher dispatcher in stopped)
            if (dispatcher.Pending == block) dispatcher.Pass();
    }

    void Do(Party self)
    {
        ImmutableArray<Effect> effects = [.. _effects.Items];
        _effects.Clear();
        foreach (Effect effect in effects)
            switch (effect)
            {
                case Send send: Carry(self, send); break;
                case DeliverRows rows:
                    MostHeld = Math.Max(MostHeld, Held);
                    Of(rows.To)!.OnRows(rows);
                    break;
                case DeliverBlock block: Of(block.To)!.OnBlock(block); break;
                case DeliverResolved resolved: OnResolved(resolved); break;
                default: Told.Add(effect); break;
            }
    }

    void OnResolved(DeliverResolved resolved)
    {
        foreach (ModelDispatcher dispatcher in _dispatchers.Values)
            if (!resolved.Except.Contains(dispatcher.Target)) dispatcher.OnResolved(resolved.Ts);
    }

    ModelDispatcher? Of(SessionTarget target) =>
        _dispatchers.GetValueOrDefault((target.Mode, target.Dispatcher)) is { } dispatcher
        && dispatcher.Target == target ? dispatcher : null;

    void Carry(Party from, Send send)
    {
        if (send.Message is StreamBatch batch)
        {
            _sent += batch.Items.OfType<StreamItem.Rows>().Sum(static r => (long)r.Payload.Length);
            MostBytes = Math.Max(MostBytes, _sent - _given);
        }

        Trace.Add(send.Message);
        Fault fault = _fault(Messages++, send.Message);
        if (fault == Fault.Lost) return;
        TimeSpan delay = Step * (fault == Fault.Late ? 8 : fault == Fault.VeryLate ? 700 : 1);
        _network.Enqueue((from, send.To, send.Message), (Now + delay, _order++));
        if (fault == Fault.Twice) _network.Enqueue((from, send.To, send.Message), (Now + (delay * 9), _order++));
    }
}
