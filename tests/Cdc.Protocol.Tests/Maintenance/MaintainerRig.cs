using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>One maintainer, and what its changefeed and its nodes say as a test has them say.</summary>
internal sealed class MaintainerRig
{
    public static readonly NodeId A = new("a");
    public static readonly NodeId B = new("b");
    public static readonly NodeId C = new("c");
    public static readonly Guid Instance = new("00000000-0000-0000-0000-000000000001");
    public static readonly Epoch Ours = new(7);

    /// <summary>The middle of a table's hashes.</summary>
    public const ulong Middle = 1UL << 31;

    readonly Effects _effects = new();

    public MaintainerRig(TimeSpan? syncpoints = null) => Maintainer = new(Instance, new(syncpoints));

    public Maintainer Maintainer { get; }
    public TimeSpan Now { get; private set; } = TimeSpan.FromMinutes(1);
    public Schedule Schedule => Maintainer.Tenure!.Modes[0].Schedule;

    public static CommitTs Ts(ulong commit) => new(commit, 0);

    public static DispatcherId Trigger => DispatcherId.TriggerOf(Mode.Event);

    public static EpochGrant Grant(
        ulong checkpoint = 50, MaintainerPurpose purpose = MaintainerPurpose.Run, params long[] parked) =>
        new(
            Ours,
            Instance,
            purpose,
            Ts(checkpoint),
            TargetTs: null,
            [.. parked.Select(static t => new ParkedTable(new(t)))],
            HasRedo: false);

    /// <summary>Handles an input; what it answers is returned and not kept.</summary>
    public List<Effect> Handle(Input input)
    {
        int before = _effects.Items.Count;
        Maintainer.Handle(input, Now, _effects);
        return [.. _effects.Items.Skip(before)];
    }

    public List<Effect> Nodes(params NodeId[] alive) => Handle(new NodesChanged([.. alive]));

    public List<Effect> Hears(Message message) => Handle(new Received(Party.Changefeed, message));

    public List<Effect> Hears(NodeId from, Message message) => Handle(new Received(Party.Manager(from), message));

    public List<Effect> Tick(double seconds = 0.1)
    {
        Now += TimeSpan.FromSeconds(seconds);
        return Handle(Protocol.Driving.Tick.Now);
    }

    public List<Effect> Loads(ulong at, params long[] tables) => Handle(new TablesLoaded(
        Mode.Event, Ts(at), [.. tables.Select(static t => new AddedTable(new(t), "shop", true))]));

    public List<Effect> Answers(NodeId from, params SpanSnapshot[] spans) =>
        Hears(from, new BootstrapResponse(Ours, [.. spans], [], null));

    public List<Effect> Answers(NodeId from, SpanSnapshot[] spans, params OperationSnapshot[] operations) =>
        Hears(from, new BootstrapResponse(Ours, [.. spans], [.. operations], null));

    /// <summary>A maintainer that runs, with these nodes and tables, which nobody had.</summary>
    public static MaintainerRig Running(NodeId[] nodes, params long[] tables)
    {
        MaintainerRig rig = new();
        rig.Bootstraps(nodes);
        foreach (NodeId node in nodes) rig.Answers(node);
        rig.Loads(50, tables);
        Assert.Equal(MaintainerPhase.Running, rig.Maintainer.Phase);
        return rig;
    }

    /// <summary>Granted, and asking these nodes.</summary>
    public void Bootstraps(params NodeId[] nodes)
    {
        Nodes(nodes);
        Hears(Grant());
        Tick();
    }

    public static SpanSnapshot Shows(
        long table,
        ulong number,
        ulong owner,
        ComponentState state = ComponentState.Working,
        ulong at = 60,
        uint from = 0,
        ulong to = TableSpan.HashEnd) =>
        new(
            Mode.Event,
            new(new Epoch(3), number),
            new(3, owner),
            new(new(table), from, to),
            "shop",
            state,
            Ts(at),
            Block: null);

    public static SpanSnapshot ShowsTrigger(ulong owner, ulong at, ComponentState state = ComponentState.Working) =>
        new(Mode.Event, Trigger, new(3, owner), TableSpan.Whole(TableId.Trigger), "", state, Ts(at), null);

    public static OperationSnapshot Journal(ScheduleAction action, OperationKind kind, SpanSnapshot shown) => new(
        new Epoch(3),
        Mode.Event,
        new(action, kind, shown.Id, shown.Owner, shown.Span, shown.Schema, shown.Checkpoint, false),
        null);

    /// <summary>Every create that was said works at once, on its node, at its start.</summary>
    public void AllWork(ulong watermark)
    {
        for (int i = 0; i < 20; i++)
        {
            foreach (Send send in Tick().OfType<Send>())
            {
                if (send.Message is ScheduleRequest request) Works(send.To.Node, request, watermark);
            }
        }
    }

    public void Works(NodeId node, ScheduleRequest request, ulong watermark)
    {
        ImmutableArray<SpanStatus> statuses =
        [
            .. request.Items.Select(static item => new SpanStatus(
                item.Id,
                item.Owner,
                item.Action == ScheduleAction.Create ? ComponentState.Working : ComponentState.Stopped,
                item.Start,
                null,
                null)),
        ];
        Beats(request.Mode, node, watermark, [.. statuses]);
    }

    ulong _sequence;

    public List<Effect> Beats(NodeId node, ulong? watermark, params SpanStatus[] statuses) =>
        Beats(Mode.Event, node, watermark, statuses);

    public List<Effect> Beats(Mode mode, NodeId node, ulong? watermark, params SpanStatus[] statuses) => Hears(
        node,
        new Heartbeat(
            Ours, mode, new(++_sequence, watermark is { } at ? Ts(at) : null), [.. statuses], false, []));

    public static IEnumerable<T> Said<T>(IEnumerable<Effect> effects)
        where T : Message => effects.OfType<Send>().Select(static send => send.Message).OfType<T>();

    /// <summary>What is said to be removed in the next second, and with <see cref="Creates"/> to be made.</summary>
    public string Removes() => string.Join(" ", Items(ScheduleAction.Remove).Select(static item => item.Id.ToString()));

    public string Creates() => string.Join("; ", Items(ScheduleAction.Create).Select(static item =>
        $"create {item.Id} {item.Owner} from {item.Start.Commit}"));

    public List<ScheduleItem> Items(ScheduleAction action) =>
        [.. Said<ScheduleRequest>(Tick(1)).SelectMany(static r => r.Items).Where(item => item.Action == action)];

    /// <summary>A table's spans, as <c>Replicating 3.5 @a 60</c>, in order.</summary>
    public string Of(long table) => string.Join(", ", Schedule.OfTable(new(table)).Select(Of));

    public static string Of(SpanTask task) => task.State == TaskState.Absent
        ? $"Absent {task.Checkpoint.Commit}"
        : $"{task.State} {task.Owner} @{task.Node} {task.Checkpoint.Commit}";
}
