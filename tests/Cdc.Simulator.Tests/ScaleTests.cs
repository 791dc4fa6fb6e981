using Cdc.Protocol;
using Cdc.Simulator.Scale;

namespace Cdc.Simulator.Tests;

/// <summary>What a cluster with many tables says, in numbers of messages.</summary>
public sealed class ScaleTests
{
    static readonly BlockEventId Ddl = new(new CommitTs(20, 1), false);

    [Fact]
    public void A_ddl_that_stops_ten_thousand_dispatchers_costs_messages_of_nodes_and_not_of_dispatchers()
    {
        (DirectCluster small, TimeSpan smallTook) = Stop(1_000);
        (DirectCluster large, TimeSpan largeTook) = Stop(10_000);

        // Ten times the dispatchers: the same ticks of the same nodes say it.
        Assert.Equal(1, large.BlocksWritten);
        Assert.InRange(large.Up.MessagesOf("BlockStatusRequest"), 10, small.Up.MessagesOf("BlockStatusRequest") * 2);
        Assert.InRange(large.Down.MessagesOf("BlockInstructions"), 10, small.Down.MessagesOf("BlockInstructions") * 2);
        Assert.InRange(largeTook, TimeSpan.Zero, smallTook + TimeSpan.FromSeconds(2));

        // Each says WAITING and DONE once, the writer of the write and of the pass that is for all of its node.
        Assert.Equal((2 * 10_001) + 1, large.Up.Statuses);
        Assert.Equal(0, large.Up.Repeats);
    }

    static (DirectCluster Cluster, TimeSpan Took) Stop(int tables)
    {
        DirectCluster cluster = new(10, tables);
        cluster.Begin();
        TimeSpan took = cluster.Stop(Ddl, TimeSpan.FromSeconds(1));
        return (cluster, took);
    }
}
