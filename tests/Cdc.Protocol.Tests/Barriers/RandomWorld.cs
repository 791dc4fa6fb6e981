using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using Barrier = Cdc.Protocol.Barriers.Barrier;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>A barrier, dispatchers that behave as the protocol says, and a network and nodes that do not. Everything is
/// checked while it happens: who executes what, and who passes.</summary>
internal sealed class RandomWorld
{
    const uint Half = 1U << 31;
    readonly Random _random;
    readonly List<(TimeSpan Due, Action Arrives)> _network = [];
    readonly Dictionary<(long Table, int Half), CommitTs> _durable = [];
    readonly Dictionary<DispatcherId, ModelDispatcher> _running = [];
    readonly HashSet<int> _executed = [];
    readonly Effects _effects = new();
    ulong _numbers = 1000;
    bool _isCalm;
    TimeSpan _now;
    FakeSchedule _schedule;
    Barrier _barrier;

    public RandomWorld(int seed)
    {
        _random = new Random(seed);
        History = new RandomHistory(_random, 12);
        _schedule = new FakeSchedule(Mode.Event);
        foreach ((long table, string schema) in History.First) Add(new TableId(table), schema, CommitTs.Zero);
        _barrier = new Barrier(new Epoch(1), Mode.Event, _schedule);
    }

    public RandomHistory History { get; }
    public int Executions { get; private set; }
    public bool IsExecuted(int index) => _executed.Contains(index);

    public void Run()
    {
        while (_now < TimeSpan.FromSeconds(40)) Step();
        _isCalm = true;
        TimeSpan calm = _now;
        while (!IsOver && _now < calm + TimeSpan.FromMinutes(5)) Step();
        Assert.True(IsOver, Stuck());
        Assert.Equal(History.Events.Count, _executed.Count);
        Assert.Equal(
            History.TablesAt(History.End).Select(static table => (table.Key, table.Value)),
            _schedule.All.Select(static task => (task.Span.Table.Value, task.Schema)).Distinct().Order());
    }

    string Stuck() => string.Join('\n', [
        .. History.Events.Select(static e => $"{e.Id} {e.Payload}"),
        .. _barrier.WaitingFor(_now).Select(static wait =>
            $"{wait.Event} {wait.Phase} writer {wait.Writer}: {string.Join(", ", wait.Missing)}"),
        .. _running.Values.Select(static dispatcher => $"{dispatcher.Task} is at {dispatcher.Position}"),
    ]);

    bool IsOver => _barrier.OpenCount == 0 && _schedule.Trigger.IsBeyond(History.End)
        && _schedule.All.All(task => task.IsBeyond(History.End))
        && _running.Values.All(static dispatcher => dispatcher.IsAtEnd);

    public void Durable(TableSpan span, CommitTs position)
    {
        foreach (int half in Halves(span))
            _durable[(span.Table.Value, half)] = CommitTs.Max(DurableOf(span.Table.Value, half), position);
    }

    /// <summary>The sink's record: an event is executed once, when all that lies before it is there and nothing that
    /// lies behind it.</summary>
    public void Execute(int index, ModelDispatcher writer)
    {
        if (!_executed.Add(index)) return;
        Executions++;
        (BlockEventId id, BlockPayload payload) = History.Events[index];
        Assert.All(Enumerable.Range(0, index).Where(earlier => History.Stops(earlier, writer.Task.Span.Table.Value)),
            earlier => Assert.Contains(earlier, _executed));
        if (RandomHistory.IsAlone(payload)) return;
        foreach (long table in History.TablesAt(id.At.Previous).Keys.Where(table => History.Stops(index, table)))
            for (int half = 0; half < 2; half++) Assert.Equal(id.At.Previous, DurableOf(table, half));
        foreach (TableId table in payload.Unsplit) Assert.InRange(_schedule.OfTable(table).Count, 0, 1);
    }

    public void CheckPass(int index) => Assert.Contains(index, _executed);

    public void Say(NodeId from, BlockStatus status)
    {
        Barrier to = _barrier;
        Deliver(() =>
        {
            if (_barrier != to) return;
            to.OnStatuses(from, new BlockStatusRequest(new Epoch(1), Mode.Event, [status]), _now, _effects);
            Send();
        });
    }

    void Step()
    {
        _now += TimeSpan.FromMilliseconds(100);
        if (!_isCalm) Harm();
        Start();
        foreach (SpanTask task in Tasks())
            if (_running.TryGetValue(task.Id, out ModelDispatcher? dispatcher))
            {
                dispatcher.Step(_now);
                if (task.IsReplicating && _random.Next(10) == 0) _schedule.Raise(task, dispatcher.Checkpoint);
            }

        for (int i = 0; i < _network.Count; i++)
        {
            if (_network[i].Due > _now) continue;
            Action arrives = _network[i].Arrives;
            _network.RemoveAt(i--);
            arrives();
        }

        Merge();
        _barrier.OnTick(_now, _effects);
        Send();
        foreach (DispatcherId gone in _running.Keys.Where(id => _schedule.Find(id) is null).ToList())
            _running.Remove(gone);
    }

    void Harm()
    {
        switch (_random.Next(60))
        {
            case 0:
                SpanTask crashed = Any();
                if (crashed.Node.Value is { } node) Crash(new NodeId(node));
                break;
            case 1:
                Stop(Any());
                break;
            case 2:
                Split(Any());
                break;
            case 3 when _random.Next(3) == 0:
                TakeOver();
                break;
        }
    }

    void Crash(NodeId node)
    {
        foreach (SpanTask task in Tasks().Where(task => task.Node == node)) Stop(task);
    }

    void Stop(SpanTask task)
    {
        if (!_running.Remove(task.Id, out ModelDispatcher? stopped)) return;
        if (_random.Next(2) == 0) _schedule.Raise(task, stopped.Checkpoint);
        (task.State, task.Node) = (TaskState.Absent, default);
    }

    /// <summary>What runs nowhere is created, and counts a little later.</summary>
    void Start()
    {
        foreach (SpanTask task in Tasks())
            if (!_running.ContainsKey(task.Id))
            {
                if (_random.Next(5) != 0) continue;
                _schedule.Run(task, $"n{_random.Next(3)}");
                task.State = TaskState.Scheduling;
                _running.Add(task.Id, new ModelDispatcher(this, task, task.Checkpoint));
            }
            else if (task.State == TaskState.Scheduling && _random.Next(5) == 0)
            {
                task.State = TaskState.Replicating;
            }
    }

    void Split(SpanTask task)
    {
        if (task.Id.IsTrigger || !task.Span.IsWhole || !task.IsReplicating) return;
        if (_barrier.MustStayWhole(task.Span.Table)) return;
        Stop(task);
        _schedule.Remove(task);
        Add(new TableSpan(task.Span.Table, 0, Half), task.Schema, task.Checkpoint);
        Add(new TableSpan(task.Span.Table, Half, TableSpan.HashEnd), task.Schema, task.Checkpoint);
    }

    void Merge()
    {
        foreach (TableId table in _barrier.UnsplitWanted)
        {
            SpanTask[] parts = [.. _schedule.OfTable(table)];
            if (parts.Length < 2) continue;
            foreach (SpanTask part in parts) Stop(part);
            foreach (SpanTask part in parts) _schedule.Remove(part);
            Add(table, parts[0].Schema, parts.Min(static part => part.Checkpoint));
        }
    }

    /// <summary>Another maintainer: its schedule is of the trigger's position, and of what runs.</summary>
    void TakeOver()
    {
        _network.Clear();
        SpanTask trigger = _schedule.Trigger;
        CommitTs from = _running.TryGetValue(trigger.Id, out ModelDispatcher? running)
            ? running.Checkpoint : trigger.Checkpoint;
        SpanTask[] known = [.. _schedule.All];
        FakeSchedule next = new(_schedule);
        foreach ((long table, string schema) in History.TablesAt(from))
        {
            SpanTask[] spans = [.. known.Where(task => task.Span.Table.Value == table)];
            CommitTs made = History.MadeAt(table);
            if (spans.Length == 0) spans = [NewTask(TableSpan.Whole(new TableId(table)), schema, made)];
            foreach (SpanTask span in spans) next.Add(span);
            foreach (SpanTask span in spans) span.Schema = schema;
        }

        foreach (SpanTask later in known.Where(task => History.MadeAt(task.Span.Table.Value) > from))
            next.Add(later);
        foreach (SpanTask task in next.All.Append(trigger).Where(task => _running.ContainsKey(task.Id)))
            next.Raise(task, _running[task.Id].Checkpoint);
        _schedule = next;
        _barrier = new Barrier(new Epoch(1), Mode.Event, _schedule);
        _barrier.Restore([.. Tasks().Where(task => _running.ContainsKey(task.Id))
            .Select(task => _running[task.Id].Snapshot())], _now);
        foreach (ModelDispatcher dispatcher in _running.Values) dispatcher.OfferAgain();
    }

    void Send()
    {
        foreach (Send send in _effects.Items.Cast<Send>())
        {
            Barrier from = _barrier;
            NodeId node = send.To.Node;
            foreach (BlockInstruction item in ((BlockInstructions)send.Message).Items)
                Deliver(() =>
                {
                    if (_barrier != from) return;
                    foreach (ModelDispatcher dispatcher in _running.Values.Where(d => d.Node == node).ToList())
                        if (dispatcher.IsCalled(item.To)) dispatcher.Take(item);
                });
        }

        _effects.Clear();
    }

    void Deliver(Action arrives)
    {
        int copies = _isCalm ? 1 : _random.Next(10) switch { 0 or 1 => 0, 2 => 2, _ => 1 };
        for (int i = 0; i < copies; i++)
            _network.Add((_now + TimeSpan.FromMilliseconds(_random.Next(_isCalm ? 100 : 2000)), arrives));
    }

    SpanTask Any()
    {
        SpanTask[] tasks = [.. Tasks()];
        return tasks[_random.Next(tasks.Length)];
    }

    List<SpanTask> Tasks() => [_schedule.Trigger, .. _schedule.All];

    void Add(TableId table, string schema, CommitTs start) => Add(TableSpan.Whole(table), schema, start);

    void Add(TableSpan span, string schema, CommitTs start) => _schedule.Add(NewTask(span, schema, start));

    SpanTask NewTask(TableSpan span, string schema, CommitTs start) =>
        new(Mode.Event, new DispatcherId(new Epoch(1), ++_numbers), span, schema, start);

    CommitTs DurableOf(long table, int half) => _durable.GetValueOrDefault((table, half));

    static IEnumerable<int> Halves(TableSpan span) =>
        Enumerable.Range(0, 2).Where(half => span.Contains(half == 0 ? 0 : Half));
}
