using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>A manager between a log, a sink and a maintainer that do everything in any order, and what has to hold all
/// the same.</summary>
sealed class ChaosNode
{
    const int Tables = ChaosLog.Tables;
    const ulong End = ChaosLog.End;

    readonly Random _random;
    readonly Effects _effects = new();
    readonly DispatcherManager _manager = new(Id);
    readonly ChaosLog _log;
    readonly ChaosSink _sink;
    readonly ChaosMaintainer _maintainer;
    readonly List<(Input Input, Action? Before)> _open = [];
    readonly List<object> _trace = [];
    TimeSpan _now = TimeSpan.FromHours(1);
    bool _isCalm;

    public ChaosNode(int seed)
    {
        _random = new(seed);
        _log = new(this, _random);
        _sink = new(this, _log, _random);
        _maintainer = new(this, _sink, _random);
    }

    /// <summary>How often something worth meeting was met.</summary>
    public Dictionary<string, int> Met { get; } = [];

    /// <summary>What runs, by table.</summary>
    public Dictionary<int, ChaosLife> Lives { get; } = [];

    public CommitTs? CheckpointOf(ChaosLife life) => _manager.CheckpointOf(Mode.Event, life.Id);

    public ChaosLife? Find(DispatcherId id, Owner owner) =>
        Lives.Values.FirstOrDefault(l => l.Id == id && l.Owner == owner);

    public void Meet(string what) => Met[what] = Met.GetValueOrDefault(what) + 1;

    public void Run(int steps)
    {
        _maintainer.Bootstrap();
        for (int i = 0; i < steps; i++) Step();
        Settle();
    }

    void Step()
    {
        switch (_random.Next(14))
        {
            case 0: _maintainer.Create(_random.Next(Tables + 1)); break;
            case 1 when _random.Next(4) == 0: _maintainer.Remove(_random.Next(Tables + 1)); break;
            case 2 or 3 or 4: _log.Deliver(); break;
            case 5: _log.Resolve(); break;
            case 6 or 7 or 8: Answer(); break;
            case 9 or 10: _sink.Step(mayFail: true); break;
            case 11: _maintainer.Instruct(); break;
            case 12: Pass(_random.Next(8) == 0 ? 11_000 : 100); break;
            default: _maintainer.Takeover(); break;
        }
    }

    /// <summary>From here on nothing fails: everything has to come to an end.</summary>
    void Settle()
    {
        _isCalm = true;
        for (int table = 0; table <= Tables; table++) _maintainer.Create(table);
        for (int round = 0; round < 600 && !IsOver; round++)
        {
            while (_open.Count > 0) Answer();
            for (int i = 0; i < 12; i++) _log.Deliver();
            for (int i = 0; i < 20; i++) _sink.Step(mayFail: false);
            _maintainer.Instruct();
            _log.Resolve();
            Pass(round % 40 == 39 ? 601_000 : 1_000);
            for (int table = 0; table <= Tables && round % 20 == 0; table++) _maintainer.Create(table);
        }

        for (int table = 0; table <= Tables; table++)
        {
            Assert.True(Lives.TryGetValue(table, out ChaosLife? life), $"table {table} does not run");
            CommitTs? at = CheckpointOf(life);
            Assert.True(at == At(End), $"table {table} stays at {at}\n{TraceOf(life)}");
        }

        Assert.Equal(At(End), _maintainer.Checkpoint);
        _maintainer.Close();
        while (_open.Count > 0) Answer();
        _log.MustHaveAllBack();
    }

    bool IsOver =>
        _maintainer.Checkpoint == At(End) && Enumerable.Range(0, Tables + 1).All(t =>
            Lives.TryGetValue(t, out ChaosLife? life) && CheckpointOf(life) == At(End));

    /// <summary>An answer that is on its way from now on; what it tells of is done when it comes.</summary>
    public void Later(Input input, Action? before = null) => _open.Add((input, before));

    /// <summary>One of the answers that are on their way, in any order, at times twice.</summary>
    void Answer()
    {
        if (_open.Count == 0) return;
        int index = _random.Next(_open.Count);
        (Input input, Action? before) = _open[index];
        _open.RemoveAt(index);
        before?.Invoke();
        Put(input);
        if (_random.Next(8) == 0) Put(input);
    }

    void Pass(int milliseconds)
    {
        _now += TimeSpan.FromMilliseconds(milliseconds);
        Put(Tick.Now);
    }

    public void Put(Input input)
    {
        _trace.Add(input);
        _manager.Handle(input, _now, _effects);
        _trace.AddRange(_effects.Items);
        Effect[] done = [.. _effects.Items];
        _effects.Clear();
        foreach (Effect effect in done) Do(effect);
        foreach (ChaosLife life in Lives.Values) Check(life);
    }

    void Do(Effect effect)
    {
        switch (effect)
        {
            case Send { Message: BlockStatusRequest request } send:
                foreach (BlockStatus status in request.Statuses) _maintainer.OnReport(status);
                if (send.Token is { } token) Later(new SendEnded(token, _random.Next(6) != 0));
                break;
            case Send { Message: Heartbeat heartbeat }: _maintainer.OnHeartbeat(heartbeat); break;
            case ReleaseRows release: _log.Release(release); break;
            case DispatcherEffect about when Find(about.Dispatcher, about.Owner) is { } life:
                Do(life, about);
                break;
        }
    }

    void Do(ChaosLife life, DispatcherEffect effect)
    {
        bool isFailing = !_isCalm && _random.Next(12) == 0;
        switch (effect)
        {
            case OpenSession open: _log.Open(life, open); break;
            case CloseSession: (life.Session, life.Waiting) = (0, null); break;
            case DropSpan: _maintainer.OnDropped(life); break;
            default: _sink.Do(life, effect, isFailing); break;
        }
    }

    void Check(ChaosLife life)
    {
        if (CheckpointOf(life) is not { } checkpoint) return;
        Assert.True(checkpoint >= life.Checkpoint, $"{life.Id} goes back from {life.Checkpoint} to {checkpoint}");
        life.Checkpoint = checkpoint;
        if (life.Waiting is { } waiting && At(waiting) <= checkpoint) life.Waiting = null;
        _sink.MustHaveAllUpTo(life, checkpoint);
    }

    string TraceOf(ChaosLife life) => string.Join('\n', _trace
        .Where(t => (t as DispatcherInput)?.Dispatcher == life.Id || (t as DispatcherEffect)?.Dispatcher == life.Id)
        .TakeLast(40));
}
