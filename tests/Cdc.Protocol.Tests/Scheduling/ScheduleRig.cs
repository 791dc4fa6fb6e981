using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Tests.Scheduling;

/// <summary>One mode's schedule with nodes that say what a test has them say.</summary>
internal sealed class ScheduleRig
{
    public static readonly NodeId A = new("a");
    public static readonly NodeId B = new("b");
    public static readonly NodeId C = new("c");

    readonly Dictionary<NodeId, ulong> _sequences = [];

    public ScheduleRig(ulong committed = 1)
    {
        Committed = new(Ts(committed));
        Schedule = new(Mode.Event, new Numbering(new Epoch(7)), Committed);
        Calculator = new(Schedule.Spans);
        Placement = new(Schedule);
    }

    public Schedule Schedule { get; }
    public CheckpointCalculator Calculator { get; }
    public Placement Placement { get; }
    public CommittedCheckpoint Committed { get; }
    public TimeSpan Now { get; private set; } = TimeSpan.FromMinutes(1);

    public static CommitTs Ts(ulong commit) => new(commit, 0);

    public static TableId Table(long id) => new(id);

    public void Pass(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    /// <summary>A table that runs nowhere yet, in one span.</summary>
    public SpanTask Absent(long table, ulong at = 10, string schema = "shop", bool isSplittable = true)
    {
        Schedule.AddTable(new(Table(table), schema, isSplittable), Ts(at));
        return Schedule.OfTable(Table(table))[0];
    }

    /// <summary>A table in one span, which runs on a node.</summary>
    public SpanTask Running(long table, NodeId node, ulong at = 10, string schema = "shop")
    {
        SpanTask task = Absent(table, at, schema);
        Schedule.Add(task, node, Now);
        Says(node, task, ComponentState.Working, at);
        return task;
    }

    /// <summary>A table in spans that run on these nodes.</summary>
    public SpanTask[] RunningSplit(long table, params NodeId[] nodes)
    {
        Running(table, nodes[0]);
        Schedule.Raise(Schedule.Trigger, Ts(10));
        Assert.True(Schedule.Reshaping.Split(Table(table), nodes.Length, Now));
        Says(nodes[0], Schedule.OfTable(Table(table))[0], ComponentState.Stopped, 10);
        SpanTask[] parts = [.. Schedule.OfTable(Table(table))];
        for (int i = 0; i < nodes.Length; i++)
        {
            Schedule.Add(parts[i], nodes[i], Now);
            Says(nodes[i], parts[i], ComponentState.Working, 10);
        }

        return parts;
    }

    /// <summary>The trigger runs too, far ahead, so that it holds nothing back.</summary>
    public void RunTrigger(NodeId node, ulong at)
    {
        Schedule.Add(Schedule.Trigger, node, Now);
        Says(node, Schedule.Trigger, ComponentState.Working, at);
    }

    public void Says(NodeId from, SpanTask task, ComponentState state, ulong at) =>
        Says(from, task.Id, task.Owner, state, at);

    /// <summary>A heartbeat with one status. A dispatcher that has begun to work makes the sequence grow.</summary>
    public void Says(NodeId from, DispatcherId id, Owner owner, ComponentState state, ulong at)
    {
        ulong sequence = _sequences.GetValueOrDefault(from) + (state == ComponentState.Working ? 1UL : 0);
        _sequences[from] = sequence;
        Beats(from, sequence, at, false, new SpanStatus(id, owner, state, Ts(at), null, null));
    }

    /// <summary>A complete heartbeat with these spans working, and no others.</summary>
    public void SaysAll(NodeId from, params SpanTask[] tasks) => Beats(
        from, _sequences.GetValueOrDefault(from), 10, true,
        [.. tasks.Select(static task => Working(task))]);

    public void Beats(NodeId from, ulong sequence, ulong? watermark, bool isComplete, params SpanStatus[] statuses)
    {
        Watermark mark = new(sequence, watermark is { } at ? Ts(at) : null);
        Heartbeat heartbeat = new(new Epoch(7), Mode.Event, mark, [.. statuses], isComplete, []);
        Schedule.Take(from, heartbeat, Calculator.Take(from, mark), Now);
        if (Schedule.Spans.Tables.Count < 500) Schedule.Check();
    }

    public static SpanStatus Working(SpanTask task) =>
        new(task.Id, task.Owner, ComponentState.Working, task.Checkpoint, null, null);

    public void Leaves(NodeId node)
    {
        Calculator.NodeLeft(node);
        Schedule.NodeLeft(node, Now);
        Schedule.Check();
    }

    public void Drops(params long[] tables) => Schedule.Apply(
        BlockPayload.Of(new Influence.Normal([])) with
        {
            Dropped = new Influence.Normal([.. tables.Select(static id => new TableId(id))]),
        },
        Ts(1000),
        Now);

    /// <summary>What is said now, message by message.</summary>
    public List<Send> Sends()
    {
        Effects effects = new();
        Schedule.Send(Now, effects);
        return [.. effects.Items.Cast<Send>()];
    }

    /// <summary>What is said now, as <c>create d7.1 7.2 @a from 10</c> and <c>remove d7.1 7.2 @a</c>.</summary>
    public string Said() => string.Join("; ", Sends().SelectMany(Lines));

    static IEnumerable<string> Lines(Send send)
    {
        if (send.Message is MergeRequest { Item: { } merge })
        {
            yield return $"merge {string.Join("+", merge.Sources)} to {merge.Id} {merge.Owner} @{send.To.Node}";
        }

        if (send.Message is not ScheduleRequest request) yield break;
        foreach (ScheduleItem item in request.Items)
        {
            yield return item.Action == ScheduleAction.Create
                ? $"create {item.Id} {item.Owner} @{send.To.Node} from {item.Start.Commit}"
                : $"remove {item.Id} {item.Owner} @{send.To.Node}";
        }
    }

    /// <summary>A span's state, as <c>Replicating 7.1 @a</c>.</summary>
    public static string Of(SpanTask task) =>
        task.State == TaskState.Absent ? "Absent" : $"{task.State} {task.Owner} @{task.Node}";
}
