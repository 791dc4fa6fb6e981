using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Tests;

/// <summary>What no single rule that is switched off leads to, since another rule stands behind it: the checker is shown
/// a forged sequence.</summary>
public sealed class ForgedTests
{
    static readonly DispatcherId Trigger = DispatcherId.TriggerOf(Mode.Event);
    static readonly Owner First = new(1, 1), Second = new(1, 2);
    readonly SimNode _node = new(new("n"), 0, new(), TimeSpan.Zero, 1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_event_of_all_that_is_executed_before_one_that_changes_the_schedule_is_noticed(bool changes)
    {
        World world = new(1);
        BlockPayload adds = BlockPayload.Of(new Influence.Normal([TableId.Trigger])) with
        {
            Added = changes ? [new(new(5), "s0", true)] : [],
        };
        Commit(world, 10, adds);
        BlockEventId all = Commit(world, 20, BlockPayload.Of(new Influence.All()));
        Maintainer role = new(new Guid("00000000-0000-0000-0000-000000000001"), new(null));
        MaintainerWatch watch = new(world, new("maintainer", _node, role, (_, _) => { }, (_, _) => { }));
        Bootstrap(role, watch, all);
        Assert.Equal(MaintainerPhase.Running, role.Phase);
        BlockInstruction write = new(all, InstructionKind.Write, new Addressees.Some([Trigger]));
        Send order = new(Party.Manager(_node.Id), new BlockInstructions(new(2), Mode.Event, [write]));
        // The one that changes nothing is the control: nothing else is wrong with the order.
        var broken = Assert.Throws<ViolationException>(() => watch.After(order));
        Assert.Equal(changes ? "INV-17" : "INV-29", broken.Rule);
    }

    [Fact]
    public void An_incarnation_that_is_replaced_by_an_earlier_one_is_noticed()
    {
        ManagerWatch watch = new(new("manager", _node, new DispatcherManager(_node.Id), (_, _) => { }, (_, _) => { }));
        DispatcherId id = new(new(1), 1);
        TableSpan span = TableSpan.Whole(new(1));
        watch.After(new ClaimSpan(Mode.Event, id, Second, 1, span));
        watch.After(new DropSpan(Mode.Event, id, Second));
        var broken = Assert.Throws<ViolationException>(() => watch.After(new ClaimSpan(Mode.Event, id, First, 1, span)));
        Assert.Equal("INV-28", broken.Rule);
    }

    void Bootstrap(Maintainer role, MaintainerWatch watch, BlockEventId waitsAt)
    {
        BlockPayload payload = BlockPayload.Of(new Influence.All());
        SpanSnapshot trigger = new(
            Mode.Event, Trigger, First, TableSpan.Whole(TableId.Trigger), "", ComponentState.Working,
            waitsAt.At.Previous, new(waitsAt, BlockStage.Waiting, payload));
        Input[] inputs =
        [
            new NodesChanged([_node.Id]),
            new Received(Party.Changefeed, new EpochGrant(
                new(2), new Guid("00000000-0000-0000-0000-000000000001"), MaintainerPurpose.Run, CommitTs.Zero, null,
                [], false)),
            Tick.Now,
            new Received(Party.Manager(_node.Id), new BootstrapResponse(new(2), [trigger], [], null)),
            new TablesLoaded(Mode.Event, waitsAt.At.Previous, []),
        ];
        Effects effects = new();
        foreach (Input input in inputs)
        {
            watch.Before(input);
            role.Handle(input, TimeSpan.FromMinutes(1), effects);
        }
    }

    static BlockEventId Commit(World world, ulong commit, BlockPayload payload)
    {
        BlockEventId id = new(new(commit, 1), false);
        world.Source.Commit(commit, [new BlockStep(id, payload, new("forged", [], [], [], []))]);
        return id;
    }
}
