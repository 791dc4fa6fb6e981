using System.Collections.Immutable;
using Cdc.Protocol;
using Cdc.Protocol.Barriers;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Scale;

/// <summary>What one stage on the way of reports of block events holds when nothing is drained and everybody repeats.
/// </summary>
/// <param name="Stage">Where.</param>
/// <param name="Offered">How many reports were offered.</param>
/// <param name="Held">How many of them it holds.</param>
/// <param name="Bytes">What they take.</param>
/// <param name="BytesOfAll">What all of them would take.</param>
public sealed record HeldReports(string Stage, int Offered, int Held, long Bytes, long BytesOfAll)
{
    const int Batch = ManagerTimes.StatusesPerRequest;
    static readonly NodeId Node = new("n0");

    public static IReadOnlyList<HeldReports> Measure(int dispatchers, int offered) =>
    [
        InBuffer(dispatchers, offered), InQueue(dispatchers, offered), InInbox(dispatchers, offered),
    ];

    static HeldReports InBuffer(int dispatchers, int offered)
    {
        BlockStatus[] reports = Reports(dispatchers);
        long before = GC.GetTotalMemory(true);
        BlockStatusBuffer buffer = new();
        for (int i = 0; i < offered; i++) buffer.Offer(reports[i % dispatchers]);
        long bytes = GC.GetTotalMemory(true) - before;
        before = GC.GetTotalMemory(true);
        Queue<BlockStatus> all = new();
        for (int i = 0; i < offered; i++) all.Enqueue(reports[i % dispatchers]);
        long ofAll = GC.GetTotalMemory(true) - before;
        GC.KeepAlive(all);
        return new("manager's buffer", offered, buffer.Count, bytes, ofAll);
    }

    static HeldReports InQueue(int dispatchers, int offered)
    {
        BlockStatus[] reports = Reports(dispatchers);
        long before = GC.GetTotalMemory(true);
        BlockStatusQueue queue = new();
        for (int i = 0; i < offered; i += Batch) queue.Add(Slice(reports, i, Math.Min(Batch, offered - i)));
        long bytes = GC.GetTotalMemory(true) - before;
        before = GC.GetTotalMemory(true);
        Queue<ImmutableArray<BlockStatus>> all = new();
        for (int i = 0; i < offered; i += Batch) all.Enqueue(Slice(reports, i, Math.Min(Batch, offered - i)));
        long ofAll = GC.GetTotalMemory(true) - before;
        GC.KeepAlive(all);
        int held = 0;
        while (queue.TryTake(out ImmutableArray<BlockStatus> some)) held += some.Length;
        return new("manager's queue", offered, held, bytes, ofAll);
    }

    static HeldReports InInbox(int dispatchers, int offered)
    {
        BlockStatus[] reports = Reports(dispatchers);
        Traffic traffic = new();
        long before = GC.GetTotalMemory(true);
        BlockStatusInbox inbox = new();
        List<Input> queued = [];
        for (int i = 0; i < offered; i += Batch)
            if (inbox.Offer(Decoded(traffic, reports, i, offered)) is { } input) queued.Add(input);
        long bytes = GC.GetTotalMemory(true) - before;
        GC.KeepAlive(queued);
        before = GC.GetTotalMemory(true);
        List<Input> all = [];
        for (int i = 0; i < offered; i += Batch) all.Add(Decoded(traffic, reports, i, offered));
        long ofAll = GC.GetTotalMemory(true) - before;
        GC.KeepAlive(all);
        return new("maintainer's inbox", offered, inbox.Count, bytes, ofAll);
    }

    static Received Decoded(Traffic traffic, BlockStatus[] reports, int from, int offered)
    {
        ImmutableArray<BlockStatus> some = Slice(reports, from, Math.Min(Batch, offered - from));
        return new(Party.Manager(Node), traffic.Carry(new BlockStatusRequest(new Epoch(1), Mode.Event, some)));
    }

    static ImmutableArray<BlockStatus> Slice(BlockStatus[] reports, int from, int count)
    {
        var some = ImmutableArray.CreateBuilder<BlockStatus>(count);
        for (int i = 0; i < count; i++) some.Add(reports[(from + i) % reports.Length]);
        return some.MoveToImmutable();
    }

    static BlockStatus[] Reports(int dispatchers)
    {
        BlockPayload payload = BlockPayload.Of(new Influence.All());
        BlockEventId id = new(new CommitTs(20, 1), false);
        return
        [
            .. Enumerable.Range(1, dispatchers).Select(i => new BlockStatus(
                new(new Epoch(1), (ulong)i), new Owner(1, (ulong)i), id, BlockStage.Waiting, null, payload)),
        ];
    }
}
