using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>One manager, with a clock and a memory of what it wanted done since <see cref="Forget"/>.</summary>
sealed class TestNode
{
    public static readonly NodeId Id = new("node-1");
    public static readonly Party Maintainer = new(Role.Maintainer, new NodeId("node-9"));
    public static readonly DispatcherId Trigger = DispatcherId.TriggerOf(Mode.Event);

    readonly Effects _effects = new();
    readonly Dictionary<(Mode, DispatcherId), Owner> _owners = [];
    readonly Dictionary<(Mode, DispatcherId), TableSpan> _spans = [];
    readonly Dictionary<(Mode, DispatcherId, Type), DispatcherEffect> _last = [];
    ulong _owner;

    public DispatcherManager Manager { get; } = new(Id);
    public List<Effect> Done { get; } = [];
    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);
    public ulong Epoch { get; set; } = 1;

    /// <summary>Whether sends with a token are answered at once.</summary>
    public bool Answers { get; set; } = true;

    public static CommitTs At(ulong commit) => new(commit, 1);
    public static BlockEventId Ddl(ulong commit) => new(At(commit), false);
    public static BlockEventId Sync(ulong commit) => new(At(commit), true);
    public static DispatcherId D(ulong number) => new(new Epoch(1), number);
    public static TableSpan Whole(long table) => TableSpan.Whole(new TableId(table));
    public static Influence Tables(params long[] ids) => new Influence.Normal([.. ids.Select(i => new TableId(i))]);
    public static BlockPayload Blocks(params long[] ids) => BlockPayload.Of(Tables(ids));
    public static BlockPayload Everything => BlockPayload.Of(new Influence.All());

    public static BlockPayload Adds(long table) =>
        BlockPayload.Of(Tables(0)) with { Added = [new(new TableId(table), "shop", true)] };

    public Owner OwnerOf(DispatcherId id, Mode mode = Mode.Event) => _owners[(mode, id)];

    public void Forget() => Done.Clear();

    public void Put(Input input)
    {
        Manager.Handle(input, Now, _effects);
        Effect[] done = [.. _effects.Items];
        _effects.Clear();
        Done.AddRange(done);
        foreach (DispatcherEffect effect in done.OfType<DispatcherEffect>())
        {
            _last[(effect.Mode, effect.Dispatcher, effect.GetType())] = effect;
        }

        foreach (Effect effect in done)
        {
            if (Answers && effect is Send { Token: { } token }) Put(new SendEnded(token, true));
        }
    }

    public void Hear(Message message, Party? from = null) => Put(new Received(from ?? Maintainer, message));

    public void Tick() => Pass(TimeSpan.FromMilliseconds(100));

    public void Pass(TimeSpan time)
    {
        Now += time;
        Put(Protocol.Driving.Tick.Now);
    }

    public void Bootstrap(ulong? epoch = null, params DispatcherId[] triggers)
    {
        Epoch = epoch ?? Epoch;
        ImmutableArray<DispatcherId> named = triggers.Length > 0 ? [.. triggers] : [Trigger];
        Hear(new BootstrapRequest(new Epoch(Epoch), At(1), named));
    }

    public ScheduleItem Item(
        ScheduleAction action,
        DispatcherId id,
        TableSpan span,
        ulong start = 10,
        string schema = "shop",
        bool copies = false,
        Owner? owner = null,
        Mode mode = Mode.Event)
    {
        Owner used = owner ?? (action == ScheduleAction.Create ? new(Epoch, ++_owner) : OwnerOf(id, mode));
        if (action == ScheduleAction.Create) (_owners[(mode, id)], _spans[(mode, id)]) = (used, span);
        return new(action, OperationKind.Add, id, used, span, schema, At(start), copies);
    }

    public void Schedule(ScheduleItem item, Mode mode = Mode.Event) =>
        Hear(new ScheduleRequest(new Epoch(Epoch), mode, [item]));

    public void Create(
        DispatcherId id, TableSpan span, ulong start = 10, string schema = "shop", Mode mode = Mode.Event) =>
        Schedule(Item(ScheduleAction.Create, id, span, start, schema, mode: mode), mode);

    public void Remove(DispatcherId id, Mode mode = Mode.Event) =>
        Schedule(Item(ScheduleAction.Remove, id, _spans[(mode, id)], mode: mode), mode);

    /// <summary>Creates it, and lets the sink grant the claim.</summary>
    public void Work(
        DispatcherId id, TableSpan span, ulong start = 10, string schema = "shop", Mode mode = Mode.Event)
    {
        Create(id, span, start, schema, mode);
        Claimed(id, mode: mode);
    }

    public void WorkTrigger(ulong start = 10) => Work(Trigger, Whole(0), start, "");

    public void Claimed(DispatcherId id, CommitTs? position = null, Mode mode = Mode.Event) =>
        Put(new SpanClaimed(mode, id, OwnerOf(id, mode), Last<ClaimSpan>(id, mode).Ticket, position));

    public void Rows(DispatcherId id, ulong commit, int bytes = 8, bool isFirst = true, bool isLast = true) =>
        Put(new RowsArrived(
            Mode.Event, id, OwnerOf(id), SessionOf(id), new(At(commit), isFirst, isLast, new byte[bytes])));

    public void Block(DispatcherId id, BlockEventId block, BlockPayload payload, Mode mode = Mode.Event) =>
        Put(new BlockArrived(mode, id, OwnerOf(id, mode), SessionOf(id, mode), block, payload));

    public void Resolved(ulong commit, params DispatcherId[] except) =>
        Put(new ResolvedArrived(
            At(commit), ulong.MaxValue, [.. except.Select(id => new DispatcherKey(Mode.Event, id, OwnerOf(id)))]));

    public void Enqueued(DispatcherId id, long batch) => Put(new RowsEnqueued(Mode.Event, id, OwnerOf(id), batch));

    public void Flushed(DispatcherId id, long batch) => Put(new RowsFlushed(Mode.Event, id, OwnerOf(id), batch));

    public void SinkFlushed(DispatcherId id, Mode mode = Mode.Event) =>
        Put(new SinkFlushed(mode, id, OwnerOf(id, mode), Last<FlushSink>(id, mode).Ticket));

    public void Written(DispatcherId id, Mode mode = Mode.Event) =>
        Put(new BlockWritten(mode, id, OwnerOf(id, mode), Last<WriteBlock>(id, mode).Ticket, false));

    public void Fail(DispatcherId id, long ticket, FaultKind kind = FaultKind.Transient) =>
        Put(new OperationFailed(Mode.Event, id, OwnerOf(id), ticket, kind));

    public void Instruct(
        InstructionKind kind, BlockEventId block, Addressees to, ulong? epoch = null, Mode mode = Mode.Event) =>
        Hear(new BlockInstructions(new Epoch(epoch ?? Epoch), mode, [new(block, kind, to)]));

    public void Instruct(InstructionKind kind, BlockEventId block, DispatcherId id) =>
        Instruct(kind, block, new Addressees.Some([id]));

    /// <summary>Stands at an event, everything before it durable, and has said so.</summary>
    public void Wait(DispatcherId id, BlockEventId block, BlockPayload payload)
    {
        Block(id, block, payload);
        SinkFlushed(id);
        Tick();
    }

    /// <summary>Also what is forgotten, so that tickets are found.</summary>
    public T Last<T>(DispatcherId id, Mode mode = Mode.Event) where T : DispatcherEffect =>
        (T)_last[(mode, id, typeof(T))];

    public IEnumerable<T> Of<T>(DispatcherId id) where T : DispatcherEffect =>
        Done.OfType<T>().Where(e => e.Dispatcher == id);

    public ulong SessionOf(DispatcherId id, Mode mode = Mode.Event) => Last<OpenSession>(id, mode).Session;

    public IEnumerable<T> Said<T>() where T : Message =>
        Done.OfType<Send>().Select(s => s.Message).OfType<T>();

    public BlockStatus[] Reports => [.. Said<BlockStatusRequest>().SelectMany(r => r.Statuses)];

    public string ReportsOf(DispatcherId id) => string.Join(
        ", ", Reports.Where(r => r.Dispatcher == id).Select(r => $"{r.Stage} {r.Event.At.Commit}"));

    public CommitTs Checkpoint(DispatcherId id, Mode mode = Mode.Event) => Manager.CheckpointOf(mode, id)!.Value;

    /// <summary>The next heartbeat's.</summary>
    public SpanStatus? StatusOf(DispatcherId id)
    {
        SpanStatus[] all = [.. Said<Heartbeat>().SelectMany(h => h.Statuses).Where(s => s.Id == id)];
        return all.Length > 0 ? all[^1] : null;
    }

    public SpanStatus Ask(DispatcherId id)
    {
        Pass(ManagerTimes.Complete);
        return StatusOf(id)!.Value;
    }

    public Watermark Watermark
    {
        get
        {
            Pass(ManagerTimes.Watermark);
            return Said<Heartbeat>().Last(h => h.Mode == Mode.Event).Watermark;
        }
    }
}
