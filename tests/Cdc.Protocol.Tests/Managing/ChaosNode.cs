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
    const int Tables = 5;
    const ulong End = 60;

    readonly Random _random;
    readonly Effects _effects = new();
    readonly DispatcherManager _manager = new(Id);
    readonly SortedDictionary<ulong, BlockPayload?>[] _log = new SortedDictionary<ulong, BlockPayload?>[Tables + 1];
    readonly HashSet<(int Table, ulong Commit)> _durable = [];
    readonly HashSet<(int Table, ulong Commit)> _executed = [];
    readonly Dictionary<int, Life> _lives = [];
    readonly CommitTs[] _final = new CommitTs[Tables + 1];
    readonly List<(Input Input, Action? Before)> _open = [];
    TimeSpan _now = TimeSpan.FromHours(1);
    ulong _epoch = 1, _owner;
    Watermark _watermark;
    long _delivered, _released;
    ulong _opened;
    CommitTs _resolved;
    readonly List<object> _trace = [];
    bool _isCalm;

    public ChaosNode(int seed)
    {
        _random = new(seed);
        for (int table = 0; table <= Tables; table++)
        {
            _log[table] = [];
            for (ulong commit = 11; commit < End; commit++)
            {
                int kind = _random.Next(12);
                if (kind < 4 && table > 0) _log[table].Add(commit, null);
                else if (kind == 4) _log[table].Add(commit, Blocks(0, 1));
                else if (kind == 5 && table == 0) _log[table].Add(commit, Adds((long)(100 + commit)));
            }

            _final[table] = At(10);
        }
    }

    /// <summary>How often something worth meeting was met.</summary>
    public Dictionary<string, int> Met { get; } = [];

    /// <summary>One incarnation, as the world around it sees it.</summary>
    sealed class Life(int table, DispatcherId id, Owner owner)
    {
        public int Table => table;
        public DispatcherId Id => id;
        public Owner Owner => owner;
        public ulong Session;
        public ulong Cursor;
        public CommitTs Checkpoint;
        public readonly List<(long Batch, ulong Commit, bool IsLast, bool IsEnqueued)> Given = [];
        public readonly HashSet<ulong> Whole = [];
        public readonly HashSet<ulong> Failed = [];
        public readonly SortedSet<ulong> Scheduled = [];
        public ulong? Waiting;
        public bool IsStopping;
    }

    public void Run(int steps)
    {
        Hear(new BootstrapRequest(new Epoch(_epoch), At(1), [Trigger]));
        for (int i = 0; i < steps; i++) Step();
        Settle();
    }

    void Step()
    {
        switch (_random.Next(14))
        {
            case 0: Create(_random.Next(Tables + 1)); break;
            case 1 when _random.Next(4) == 0: Remove(_random.Next(Tables + 1)); break;
            case 2 or 3 or 4: Deliver(); break;
            case 5: Resolve(); break;
            case 6 or 7 or 8: Answer(); break;
            case 9 or 10: Sink(mayFail: true); break;
            case 11: Instruct(); break;
            case 12: Pass(_random.Next(8) == 0 ? 11_000 : 100); break;
            default: Takeover(); break;
        }
    }

    /// <summary>From here on nothing fails: everything has to come to an end.</summary>
    void Settle()
    {
        _isCalm = true;
        for (int table = 0; table <= Tables; table++) Create(table);
        for (int round = 0; round < 600 && !IsOver; round++)
        {
            while (_open.Count > 0) Answer();
            for (int i = 0; i < 12; i++) Deliver();
            for (int i = 0; i < 20; i++) Sink(mayFail: false);
            Instruct();
            Resolve();
            Pass(round % 40 == 39 ? 601_000 : 1_000);
            for (int table = 0; table <= Tables && round % 20 == 0; table++) Create(table);
        }

        for (int table = 0; table <= Tables; table++)
        {
            Assert.True(_lives.TryGetValue(table, out Life? life), $"table {table} does not run");
            CommitTs? at = _manager.CheckpointOf(Mode.Event, life.Id);
            Assert.True(at == At(End), $"table {table} stays at {at}\n{TraceOf(life)}");
        }

        Assert.Equal(At(End), _watermark.Checkpoint);
        Hear(new CloseRequest(new Epoch(_epoch), false));
        while (_open.Count > 0) Answer();
        Assert.Equal(_delivered, _released);
    }

    bool IsOver =>
        _watermark.Checkpoint == At(End) && Enumerable.Range(0, Tables + 1).All(t =>
            _lives.TryGetValue(t, out Life? life) && _manager.CheckpointOf(Mode.Event, life.Id) == At(End));

    void Create(int table)
    {
        if (_lives.ContainsKey(table)) return;
        DispatcherId id = table == 0 ? Trigger : D((ulong)table);
        Life life = new(table, id, new(_epoch, ++_owner)) { Checkpoint = _final[table] };
        _lives[table] = life;
        Schedule(ScheduleAction.Create, life);
    }

    void Remove(int table)
    {
        if (!_lives.TryGetValue(table, out Life? life)) return;
        life.IsStopping = true;
        Schedule(ScheduleAction.Remove, life);
        Meet("removed");
    }

    void Schedule(ScheduleAction action, Life life) => Hear(new ScheduleRequest(new Epoch(_epoch), Mode.Event,
    [
        new(action, OperationKind.Add, life.Id, life.Owner, Whole(life.Table), "shop", life.Checkpoint, false),
    ]));

    void Takeover()
    {
        if (_random.Next(6) != 0) return;
        _epoch++;
        Hear(new BootstrapRequest(new Epoch(_epoch), At(1), [Trigger]));
        Hear(new PostBootstrapRequest(new Epoch(_epoch)));
        foreach (Life life in _lives.Values.Where(l => l.IsStopping)) Schedule(ScheduleAction.Remove, life);
        Meet("takeover");
    }

    void Deliver()
    {
        Life[] open = [.. _lives.Values.Where(l => l.Session != 0)];
        if (open.Length == 0) return;
        Life life = open[_random.Next(open.Length)];
        foreach ((ulong commit, BlockPayload? payload) in _log[life.Table])
        {
            if (commit <= life.Cursor) continue;
            life.Cursor = commit;
            if (payload is not null)
            {
                Put(new BlockArrived(Mode.Event, life.Id, life.Owner, life.Session, Ddl(commit), payload));
                return;
            }

            bool isSplit = _random.Next(3) == 0;
            Rows(life, commit, true, !isSplit);
            if (isSplit && life.Session != 0) Rows(life, commit, false, true);
            return;
        }

        life.Cursor = End;
    }

    void Rows(Life life, ulong commit, bool isFirst, bool isLast)
    {
        int bytes = _random.Next(1, 9);
        _delivered += bytes;
        Put(new RowsArrived(
            Mode.Event, life.Id, life.Owner, life.Session, new(At(commit), isFirst, isLast, new byte[bytes])));
    }

    void Resolve()
    {
        CommitTs next = At(Math.Min(End, _resolved.Commit + (ulong)_random.Next(4)));
        if (next < _resolved) return;
        _resolved = next;
        Life[] open = [.. _lives.Values.Where(l => l.Session != 0)];
        Put(new ResolvedArrived(next, _opened,
        [
            .. open.Where(l => _log[l.Table].Keys.Any(c => c > l.Cursor && At(c) <= next))
                .Select(l => new DispatcherKey(Mode.Event, l.Id, l.Owner)),
        ]));
    }

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

    void Sink(bool mayFail)
    {
        Life[] busy = [.. _lives.Values.Where(l => l.Given.Count > 0)];
        if (busy.Length == 0) return;
        Life life = busy[_random.Next(busy.Length)];
        int index = _random.Next(life.Given.Count);
        (long batch, ulong commit, bool isLast, bool isEnqueued) = life.Given[index];
        if (!isEnqueued)
        {
            life.Given[index] = (batch, commit, isLast, true);
            Put(new RowsEnqueued(Mode.Event, life.Id, life.Owner, batch));
            return;
        }

        // A step becomes durable with its last piece.
        if (!life.Whole.Contains(commit)) return;
        life.Given.RemoveAt(index);
        if (mayFail && _random.Next(10) == 0)
        {
            Meet("rows failed");
            life.Failed.Add(commit);
            Put(new RowsFailed(Mode.Event, life.Id, life.Owner, batch, FaultKind.Transient));
            return;
        }

        if (!life.Failed.Contains(commit) && life.Given.All(g => g.Commit != commit)) _durable.Add((life.Table, commit));
        Put(new RowsFlushed(Mode.Event, life.Id, life.Owner, batch));
    }

    void Instruct()
    {
        InstructionKind[] kinds =
            [InstructionKind.Acknowledge, InstructionKind.Ignored, InstructionKind.Write, InstructionKind.Pass];
        foreach (Life life in _lives.Values.ToArray())
        {
            ulong? about = life.Waiting ?? (life.Scheduled.Count > 0 ? life.Scheduled.Min : null);
            if (about is not { } commit) continue;
            if (life.Waiting is null) life.Scheduled.Remove(commit);
            InstructionKind kind = kinds[_random.Next(life.Waiting is null ? 2 : 4)];
            if (kind == InstructionKind.Pass) _executed.Add((life.Table, commit));
            Hear(new BlockInstructions(
                new Epoch(_epoch), Mode.Event, [new(Ddl(commit), kind, new Addressees.Some([life.Id]))]));
        }
    }

    void Pass(int milliseconds)
    {
        _now += TimeSpan.FromMilliseconds(milliseconds);
        Put(Tick.Now);
    }

    void Hear(Message message) => Put(new Received(Maintainer, message));

    void Put(Input input)
    {
        _trace.Add(input);
        _manager.Handle(input, _now, _effects);
        _trace.AddRange(_effects.Items);
        Effect[] done = [.. _effects.Items];
        _effects.Clear();
        foreach (Effect effect in done) Do(effect);
        foreach (Life life in _lives.Values) Check(life);
    }

    void Do(Effect effect)
    {
        switch (effect)
        {
            case Send { Message: BlockStatusRequest request } send:
                foreach (BlockStatus status in request.Statuses) OnReport(status);
                if (send.Token is { } token) _open.Add((new SendEnded(token, _random.Next(6) != 0), null));
                break;
            case Send { Message: Heartbeat heartbeat }: OnHeartbeat(heartbeat); break;
            case ReleaseRows release: _released += release.Bytes; break;
            case DispatcherEffect { } about when Of(about) is { } life: Do(life, about); break;
        }
    }

    void Do(Life life, DispatcherEffect effect)
    {
        bool isFailing = !_isCalm && _random.Next(12) == 0;
        switch (effect)
        {
            case ClaimSpan claim:
                life.Given.Clear();
                life.Whole.Clear();
                life.Failed.Clear();
                Answer(life, claim.Ticket, isFailing,
                    new SpanClaimed(Mode.Event, life.Id, life.Owner, claim.Ticket, null), null);
                break;
            case OpenSession open:
                Assert.Equal(0ul, life.Session);
                Assert.True(open.Start >= life.Checkpoint);
                (life.Session, _opened) = (open.Session, open.Session);
                life.Cursor = open.Start.Step == 0 ? open.Start.Commit - 1 : open.Start.Commit;
                break;
            case CloseSession: (life.Session, life.Waiting) = (0, null); break;
            case WriteRows rows:
                Assert.NotEqual(0ul, life.Session);
                Assert.True(life.Waiting is not { } at || _manager.CheckpointOf(Mode.Event, life.Id) >= At(at));
                if (rows.Rows.IsLast) life.Whole.Add(rows.Rows.At.Commit);
                life.Given.Add((rows.Batch, rows.Rows.At.Commit, rows.Rows.IsLast, false));
                break;
            case FlushSink flush:
                Answer(life, flush.Ticket, isFailing, new SinkFlushed(Mode.Event, life.Id, life.Owner, flush.Ticket),
                    () =>
                    {
                        foreach (var given in life.Given) _durable.Add((life.Table, given.Commit));
                        life.Given.Clear();
                    });
                break;
            case WriteBlock write:
                ulong commit = write.Event.At.Commit;
                Assert.All(Before(life.Table, commit), c => Assert.Contains((life.Table, c), _durable));
                Assert.Empty(life.Given);
                life.Waiting = null;
                Answer(life, write.Ticket, isFailing,
                    new BlockWritten(Mode.Event, life.Id, life.Owner, write.Ticket, false),
                    () => _executed.Add((life.Table, commit)));
                break;
            case DropSpan:
                Assert.Equal(0ul, life.Session);
                _lives.Remove(life.Table);
                _final[life.Table] = life.Checkpoint;
                break;
        }
    }

    void Answer(Life life, long ticket, bool isFailing, Input well, Action? before)
    {
        if (isFailing) Meet("operation failed");
        Input failed = new OperationFailed(Mode.Event, life.Id, life.Owner, ticket, FaultKind.Transient);
        _open.Add(isFailing ? (failed, null) : (well, before));
    }

    void OnReport(BlockStatus status)
    {
        Life? life = _lives.Values.FirstOrDefault(l => l.Id == status.Dispatcher && l.Owner == status.Owner);
        if (life is null) return;
        Meet(status.Stage.ToString());
        ulong commit = status.Event.At.Commit;
        if (status.Stage == BlockStage.Done) Assert.Contains((life.Table, commit), _executed);
        if (status.Stage == BlockStage.Scheduled) life.Scheduled.Add(commit);
        if (status.Stage != BlockStage.Waiting || life.Session == 0) return;
        Assert.All(Before(life.Table, commit), c => Assert.Contains((life.Table, c), _durable));
        if (life.Checkpoint < At(commit)) life.Waiting = commit;
    }

    void OnHeartbeat(Heartbeat heartbeat)
    {
        if (heartbeat.Watermark.Sequence == _watermark.Sequence && _watermark.Checkpoint is { } before)
        {
            Assert.True(heartbeat.Watermark.Checkpoint is null || heartbeat.Watermark.Checkpoint >= before);
        }

        _watermark = heartbeat.Watermark;
        if (!heartbeat.IsComplete) return;
        CommitTs? smallest = heartbeat.Statuses.IsEmpty ? null : heartbeat.Statuses.Min(s => s.Checkpoint);
        Assert.True(heartbeat.Watermark.Checkpoint is null == smallest is null);
        Assert.True(smallest is null || heartbeat.Watermark.Checkpoint <= smallest);
    }

    void Check(Life life)
    {
        if (_manager.CheckpointOf(Mode.Event, life.Id) is not { } checkpoint) return;
        Assert.True(checkpoint >= life.Checkpoint, $"{life.Id} goes back from {life.Checkpoint} to {checkpoint}");
        life.Checkpoint = checkpoint;
        if (life.Waiting is { } waiting && At(waiting) <= checkpoint) life.Waiting = null;
        foreach ((ulong commit, BlockPayload? payload) in _log[life.Table])
        {
            if (At(commit) > checkpoint) break;
            Assert.Contains((life.Table, commit), payload is null ? _durable : _executed);
        }
    }

    IEnumerable<ulong> Before(int table, ulong commit) =>
        _log[table].Where(e => e.Key < commit && e.Value is null).Select(e => e.Key);

    Life? Of(DispatcherEffect effect) =>
        _lives.Values.FirstOrDefault(l => l.Id == effect.Dispatcher && l.Owner == effect.Owner);

    string TraceOf(Life life) => string.Join('\n', _trace
        .Where(t => (t as DispatcherInput)?.Dispatcher == life.Id || (t as DispatcherEffect)?.Dispatcher == life.Id)
        .TakeLast(40));

    void Meet(string what) => Met[what] = Met.GetValueOrDefault(what) + 1;
}
