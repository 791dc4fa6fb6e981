using System.Collections.Immutable;
using Cdc.Protocol.Barriers;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using Barrier = Cdc.Protocol.Barriers.Barrier;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>One barrier over a fake schedule. What dispatchers say goes in, and what the nodes are told comes back as
/// lines: <c>n1: ack 10 d1 d2, write 10 t</c> is one message to node n1 with two instructions. A syncpoint's position
/// has an s behind it, the trigger is t, the dispatcher of table 5 is d5.</summary>
internal sealed class BarrierRig
{
    static readonly Epoch Epoch = new(1);
    readonly Mode _mode;
    readonly Effects _effects = new();

    public BarrierRig(string trigger = "n1", Mode mode = Mode.Event)
    {
        _mode = mode;
        Schedule = new FakeSchedule(mode);
        Schedule.Run(Schedule.Trigger, trigger);
        Barrier = new Barrier(Epoch, mode, Schedule);
    }

    public FakeSchedule Schedule { get; }
    public Barrier Barrier { get; private set; }
    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);
    public SpanTask Trigger => Schedule.Trigger;

    public static CommitTs At(ulong commit) => new(commit, 1);
    public static BlockEventId Ddl(ulong commit) => new(At(commit), false);
    public static BlockEventId Syncpoint(ulong commit) => new(At(commit), true);

    public static BlockPayload Tables(params long[] tables) =>
        BlockPayload.Of(new Influence.Normal([.. tables.Select(static table => new TableId(table))]));

    public static BlockPayload Schema(string schema) => BlockPayload.Of(new Influence.Database(schema));
    public static BlockPayload All { get; } = BlockPayload.Of(new Influence.All());
    public static AddedTable NewTable(long table, string schema = "shop") => new(new TableId(table), schema, false);

    public static Influence Those(params long[] tables) =>
        new Influence.Normal([.. tables.Select(static table => new TableId(table))]);

    /// <summary>A table in one span, running on the node.</summary>
    public SpanTask Table(long table, string node = "n1", string schema = "shop", CommitTs start = default) =>
        Span((ulong)table, TableSpan.Whole(new TableId(table)), node, schema, start);

    /// <summary>A part of a table; its dispatcher is named by hand.</summary>
    public SpanTask Span(
        ulong number, TableSpan span, string node = "n1", string schema = "shop", CommitTs start = default)
    {
        SpanTask task = new(_mode, new DispatcherId(Epoch, number), span, schema, start);
        Schedule.Add(task);
        Schedule.Run(task, node);
        return task;
    }

    /// <summary>The dispatchers report WAITING, each node in a message of its own.</summary>
    public string[] Waiting(BlockEventId e, BlockPayload payload, params SpanTask[] tasks) =>
        Reported(tasks, task => Status(task, e, BlockStage.Waiting, null, payload));

    public string[] Done(BlockEventId e, BlockAction action, params SpanTask[] tasks) =>
        Reported(tasks, task => Status(task, e, BlockStage.Done, action, null));

    public string[] Scheduled(BlockEventId e, BlockPayload payload, SpanTask task) =>
        Reported([task], _ => Status(task, e, BlockStage.Scheduled, null, payload));

    public string[] Says(string node, params BlockStatus[] statuses)
    {
        Barrier.OnStatuses(new NodeId(node), new BlockStatusRequest(Epoch, _mode, [.. statuses]), Now, _effects);
        return Told();
    }

    public static BlockStatus Status(
        SpanTask task, BlockEventId e, BlockStage stage, BlockAction? action, BlockPayload? payload) =>
        new(task.Id, task.Owner, e, stage, action, payload);

    /// <summary>So much time passes, and then comes a tick.</summary>
    public string[] Tick(double seconds = 0.1)
    {
        Now += TimeSpan.FromSeconds(seconds);
        Barrier.OnTick(Now, _effects);
        return Told();
    }

    /// <summary>Ticks each 100 ms for so long.</summary>
    public string[] Ticks(double seconds)
    {
        List<string> told = [];
        for (int i = 0; i < (int)Math.Round(seconds * 10); i++) told.AddRange(Tick());
        return [.. told];
    }

    /// <summary>The dispatcher is created again, there.</summary>
    public SpanTask Moved(SpanTask task, string node)
    {
        Schedule.Run(task, node);
        return task;
    }

    /// <summary>Another maintainer takes over: it has the same schedule, and these snapshots.</summary>
    public void TakeOver(params SpanSnapshot[] snapshots)
    {
        Barrier = new Barrier(Epoch, _mode, Schedule);
        Barrier.Restore([.. snapshots], Now);
    }

    public static SpanSnapshot Snapshot(SpanTask task, BlockEventId e, BlockStage stage, BlockPayload payload) => new(
        task.Mode, task.Id, task.Owner, task.Span, task.Schema, ComponentState.Working, task.Checkpoint,
        new BlockSnapshot(e, stage, payload));

    string[] Reported(SpanTask[] tasks, Func<SpanTask, BlockStatus> status) =>
        [.. tasks.GroupBy(static task => task.Node).SelectMany(node => Says(node.Key.Value, [.. node.Select(status)]))];

    string[] Told()
    {
        string[] told = [.. _effects.Items.Cast<Send>().Select(Print)];
        _effects.Clear();
        return told;
    }

    string Print(Send send)
    {
        BlockInstructions message = Assert.IsType<BlockInstructions>(send.Message);
        Assert.Equal((Epoch, _mode, Role.Manager), (message.Epoch, message.Mode, send.To.Role));
        return $"{send.To.Node}: {string.Join(", ", message.Items.Select(Print))}";
    }

    static string Print(BlockInstruction item)
    {
        string kind = item.Kind == InstructionKind.Acknowledge ? "ack" : item.Kind.ToString().ToLowerInvariant();
        string to = item.To switch
        {
            Addressees.Some some => string.Join(' ', some.Ids.Select(Print)),
            Addressees.OfSchema schema => $"schema {schema.Schema}",
            _ => "all",
        };
        return $"{kind} {item.Event.At.Commit}{(item.Event.IsSyncPoint ? "s" : "")} {to}";
    }

    static string Print(DispatcherId id) => id.IsTrigger ? "t" : $"d{id.Number}";
}
