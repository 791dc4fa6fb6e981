using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class LargeScheduleTests
{
    const int Tables = 100_000;

    [Fact]
    public void A_hundred_thousand_spans_cost_each_step_what_it_changes_and_the_checkpoint_nothing()
    {
        ScheduleRig rig = new();
        for (int i = 1; i <= Tables; i++) rig.Absent(i, at: (ulong)(Tables - i + 10));
        CheckpointHeap heap = rig.Schedule.Spans.Waiting;
        long before = heap.Comparisons;
        for (int i = 0; i < 1000; i++) Assert.Equal(Ts(1), rig.Calculator.Calculate(null));
        Assert.Equal(before, heap.Comparisons);

        ulong sequence = 0;
        int rounds = 0;
        while (rig.Schedule.Spans.Absent.Count > 0 || rig.Schedule.Operations.Count > 0)
        {
            rig.Placement.Tick([A, B, C], mayHaveTrigger: false, rig.Now);
            foreach (var send in rig.Sends()) Answer(rig, send.To.Node, (ScheduleRequest)send.Message, ++sequence);
            rig.Pass(0.1);
            rounds++;
        }

        Assert.Equal(0, heap.Count);
        Assert.Equal(Ts(10), rig.Calculator.Calculate(null));
        int perTick = 3 * SchedulingLimits.ItemsPerRequest;
        Assert.InRange(rounds, Tables / perTick, (Tables / perTick) + 5);

        // Each span was put in, raised and taken out once: some times the depth of the heap, not its size.
        Assert.InRange(heap.Comparisons, Tables, Tables * 17L * 8);
    }

    static void Answer(ScheduleRig rig, NodeId node, ScheduleRequest request, ulong sequence)
    {
        var statuses = new SpanStatus[request.Items.Length];
        for (int i = 0; i < statuses.Length; i++)
        {
            ScheduleItem item = request.Items[i];
            statuses[i] = new(item.Id, item.Owner, ComponentState.Working, item.Start, null, null);
        }

        Watermark mark = new(sequence, Ts(10));
        Heartbeat heartbeat = new(new Epoch(7), Mode.Event, mark, [.. statuses], false, []);
        rig.Schedule.Take(node, heartbeat, rig.Calculator.Take(node, mark), rig.Now);
    }
}
