using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Scale;

/// <summary>One maintainer that takes many spans over from the managers of some nodes.</summary>
/// <param name="Spans">How many spans it has.</param>
/// <param name="BytesPerSpan">What it keeps of each.</param>
/// <param name="Decoding">Processor time of writing and reading the snapshots of all managers.</param>
/// <param name="Bootstrap">Processor time from the first snapshot to the schedule.</param>
/// <param name="Checkpoint">One calculation of the checkpoint.</param>
/// <param name="CheckpointBytes">What one calculation allocates.</param>
/// <param name="Comparisons">How many spans were compared in all calculations.</param>
/// <param name="AfterHeartbeat">A heartbeat with a watermark, and one calculation.</param>
public sealed record MaintainerSize(
    int Spans,
    double BytesPerSpan,
    TimeSpan Decoding,
    TimeSpan Bootstrap,
    TimeSpan Checkpoint,
    double CheckpointBytes,
    long Comparisons,
    TimeSpan AfterHeartbeat)
{
    const int Rounds = 10_000;
    static readonly Epoch Before = new(1), Now = new(2);

    /// <summary>A heartbeat with the state of every dispatcher of a node.</summary>
    public TimeSpan Complete { get; private init; }

    /// <summary>One tick of the whole maintainer.</summary>
    public TimeSpan Ticked { get; private init; }

    /// <summary>Builds it, measures, and lets it go.</summary>
    public static MaintainerSize Measure(int nodes, int spans)
    {
        Effects effects = new();
        Guid instance = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        long before = GC.GetTotalMemory(true);
        Maintainer maintainer = new(instance, MaintainerOptions.Default);
        NodeId[] ids = [.. Enumerable.Range(0, nodes).Select(static i => Name(i))];
        TimeSpan time = TimeSpan.Zero;
        maintainer.Handle(new NodesChanged([.. ids]), time, effects);
        EpochGrant grant = new(Now, instance, MaintainerPurpose.Run, At(1), null, [], false);
        maintainer.Handle(new Received(Party.Changefeed, grant), time, effects);
        (TimeSpan decoding, TimeSpan bootstrap) = TakeOver(maintainer, ids, spans, effects);
        effects = new();
        double bytes = (GC.GetTotalMemory(true) - before) / (double)spans;

        ModeTenure events = maintainer.Tenure!.Modes[0];
        long compared = events.Schedule.Spans.Waiting.Comparisons;
        Said(maintainer, ids, spans, effects);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < Rounds; i++) events.Checkpoint();
        TimeSpan checkpoint = watch.Elapsed / Rounds;
        double perCheckpoint = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)Rounds;

        watch.Restart();
        for (int i = 0; i < Rounds; i++)
        {
            Heartbeat beat = new(Now, Mode.Event, new(1, At(1000 + (ulong)i)), [], false, []);
            maintainer.Handle(new Received(Party.Manager(ids[0]), beat), time, effects);
            events.Checkpoint();
        }

        TimeSpan afterHeartbeat = watch.Elapsed / Rounds;
        compared = events.Schedule.Spans.Waiting.Comparisons - compared;
        Heartbeat complete = new(Now, Mode.Event, new(1, At(100)), Statuses(0, nodes, spans), true, []);
        watch.Restart();
        maintainer.Handle(new Received(Party.Manager(ids[0]), complete), time, effects);
        TimeSpan whole = watch.Elapsed;
        TimeSpan ticked = Tick(maintainer, effects);
        return new(spans, bytes, decoding, bootstrap, checkpoint, perCheckpoint, compared, afterHeartbeat)
        {
            Complete = whole,
            Ticked = ticked,
        };
    }

    static (TimeSpan Decoding, TimeSpan Bootstrap) TakeOver(
        Maintainer maintainer, NodeId[] nodes, int spans, Effects effects)
    {
        Traffic traffic = new();
        TimeSpan decode = TimeSpan.Zero, build = TimeSpan.Zero;
        for (int i = 0; i < nodes.Length; i++)
        {
            BootstrapResponse answer = new(Now, Snapshots(i, nodes.Length, spans), [], null);
            TimeSpan began = Environment.CpuUsage.TotalTime;
            Message read = traffic.Carry(answer);
            TimeSpan decoded = Environment.CpuUsage.TotalTime;
            maintainer.Handle(new Received(Party.Manager(nodes[i]), read), TimeSpan.Zero, effects);
            decode += decoded - began;
            build += Environment.CpuUsage.TotalTime - decoded;
        }

        CommitTs at = effects.Items.OfType<LoadTables>().Single().At;
        ImmutableArray<AddedTable> tables =
            [.. Enumerable.Range(1, spans - 1).Select(static i => new AddedTable(new(i), "shop", true))];
        TimeSpan loaded = Environment.CpuUsage.TotalTime;
        maintainer.Handle(new TablesLoaded(Mode.Event, at, tables), TimeSpan.Zero, effects);
        return (decode, build + (Environment.CpuUsage.TotalTime - loaded));
    }

    /// <summary>Every node says how far it is.</summary>
    static void Said(Maintainer maintainer, NodeId[] nodes, int spans, Effects effects)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            Heartbeat beat = new(Now, Mode.Event, new(1, At(100)), [], false, []);
            maintainer.Handle(new Received(Party.Manager(nodes[i]), beat), TimeSpan.Zero, effects);
        }

        maintainer.Handle(Protocol.Driving.Tick.Now, TimeSpan.FromSeconds(1), effects);
        if (maintainer.Tenure!.Modes[0].Schedule.Spans.All.Count != spans - 1)
            throw new InvalidOperationException("Some spans were not taken over.");
    }

    static TimeSpan Tick(Maintainer maintainer, Effects effects)
    {
        const int Ticks = 100;
        TimeSpan now = TimeSpan.FromMinutes(1);
        maintainer.Handle(Protocol.Driving.Tick.Now, now, effects);
        var watch = Stopwatch.StartNew();
        for (int i = 1; i <= Ticks; i++)
            maintainer.Handle(Protocol.Driving.Tick.Now, now + (i * TimeSpan.FromMilliseconds(100)), effects);
        return watch.Elapsed / Ticks;
    }

    static ImmutableArray<SpanSnapshot> Snapshots(int node, int nodes, int spans)
    {
        var all = ImmutableArray.CreateBuilder<SpanSnapshot>();
        for (int i = node; i < spans; i += nodes)
        {
            DispatcherId id = Id(i);
            var span = TableSpan.Whole(new(i));
            all.Add(new(Mode.Event, id, OwnerOf(i), span, i == 0 ? "" : "shop", ComponentState.Working, At(50), null));
        }

        return all.DrainToImmutable();
    }

    static ImmutableArray<SpanStatus> Statuses(int node, int nodes, int spans)
    {
        var all = ImmutableArray.CreateBuilder<SpanStatus>();
        for (int i = node; i < spans; i += nodes)
            all.Add(new(Id(i), OwnerOf(i), ComponentState.Working, At(100), null, null));
        return all.DrainToImmutable();
    }

    static DispatcherId Id(int span) =>
        span == 0 ? DispatcherId.TriggerOf(Mode.Event) : new DispatcherId(Before, (ulong)span);

    static Owner OwnerOf(int span) => new(Before.Value, (ulong)span + 1);

    static CommitTs At(ulong commit) => new(commit, 0);

    static NodeId Name(int node) => new(string.Create(CultureInfo.InvariantCulture, $"n{node}"));
}
