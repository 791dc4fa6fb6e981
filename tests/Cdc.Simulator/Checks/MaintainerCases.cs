using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Checks;

/// <summary>Counts the hard cases that maintainers meet.</summary>
public sealed class MaintainerCases(World world)
{
    readonly HashSet<RoleHost> _spokeLate = [];

    public void Before(MaintainerWatch watch, RoleHost host, Input input)
    {
        switch (input)
        {
            case Received { Message: BootstrapResponse answer }:
                if (answer.Spans.Any(static s => s.Block?.Stage == BlockStage.Writing))
                    world.Reached.Reached(HardCase.TakeoverWriting);
                break;
            case Received { Message: BlockStatusRequest request }:
                foreach (BlockStatus status in request.Statuses) Report(watch, status);
                break;
            case Received { Message: EpochGrant }:
                foreach (RoleHost other in world.Activations.Maintainers)
                {
                    if (other == host || other.IsEnded) continue;
                    if (other.Role is Maintainer { Phase: MaintainerPhase.Running })
                        world.Reached.Reached(HardCase.TwoMaintainers);
                }

                break;
        }
    }

    public void After(MaintainerWatch watch, RoleHost host, Effect effect)
    {
        switch (effect)
        {
            case End when watch.Input is Received { Message: Superseded } && _spokeLate.Contains(host):
                world.Reached.Reached(HardCase.StoodStillMaintainer);
                world.Reached.Reached(HardCase.Superseded);
                break;
            case Send { Message: ControlMessage { Epoch: var epoch } } when host.HasStoodStill
                && epoch != Epoch.None && epoch < world.Checks.PersistedEpoch && _spokeLate.Add(host):
                break;
            case End when watch.Input is Received { Message: not EpochRefused and not CloseResponse }:
                world.Reached.Reached(HardCase.Superseded);
                break;
            case Send { Message: BlockInstructions orders }:
                foreach (BlockInstruction order in orders.Items)
                    if (order.Kind == InstructionKind.Ignored) world.Reached.Reached(HardCase.Ignored);
                break;
        }
    }

    /// <summary>A DONE of which nothing can come any more.</summary>
    void Report(MaintainerWatch watch, BlockStatus status)
    {
        if (status.Stage != BlockStage.Done) return;
        bool isLate = watch.Schedule?.Find(status.Dispatcher) is not { } task || task.Owner != status.Owner
            || task.IsBeyond(status.Event.At);
        if (isLate) world.Reached.Reached(HardCase.LateDone);
    }
}
