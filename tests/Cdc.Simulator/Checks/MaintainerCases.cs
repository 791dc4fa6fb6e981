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
    readonly ViewCases _views = new(world.Reached);

    /// <summary>The events at which parts of tables have stood that they need in one span.</summary>
    readonly HashSet<BlockEventId> _unsplit = [];

    /// <summary>Tables of which a maintainer was shown parts, until it merges them.</summary>
    readonly HashSet<(RoleHost Host, Mode Mode, TableId Table)> _inherited = [];

    public void Before(MaintainerWatch watch, RoleHost host, Input input)
    {
        switch (input)
        {
            case Tick:
                _views.Ticks(host);
                break;
            case NodesChanged nodes:
                _views.Changes(host, nodes.Alive);
                break;
            case Received { Message: BootstrapResponse answer }:
                foreach (SpanSnapshot span in answer.Spans) Shown(host, answer, span);
                break;
            case Received { Message: BlockStatusRequest request }:
                foreach (BlockStatus status in request.Statuses) Report(watch.Of(request.Mode), status);
                break;
            case Received { Message: EpochGrant }:
                if (_unsplit.Any(id => !world.Target.IsRecorded(id)))
                    world.Reached.Reached(HardCase.UnsplitTakeover);
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
        if (effect is Send { Message: ControlMessage message } && host.HasStoodStill) Spoke(host, message.Epoch);
        switch (effect)
        {
            case End when watch.Input is Received { Message: not EpochRefused and not CloseResponse }:
                world.Reached.Reached(HardCase.Superseded);
                if (_spokeLate.Contains(host)) world.Reached.Reached(HardCase.StoodStillMaintainer);
                break;
            case Send { Message: BlockInstructions orders }:
                foreach (BlockInstruction order in orders.Items)
                {
                    if (order.Kind == InstructionKind.Ignored) world.Reached.Reached(HardCase.Ignored);
                    bool isInBoth = order.Kind == InstructionKind.Write && watch.Modes.Count > 1
                        && watch.Modes.All(mode => mode.IsUnderWay(order.Event));
                    if (isInBoth) world.Reached.Reached(HardCase.BothModesAtOneEvent);
                    bool isMerged = order.Kind == InstructionKind.Write && _unsplit.Contains(order.Event);
                    if (isMerged) world.Reached.Reached(HardCase.UnsplitMerged);
                }

                break;
            case Send { Message: ScheduleRequest request }:
                if (IsByTraffic && request.Items.Any(static item => item.Operation == OperationKind.Split))
                    world.Reached.Reached(HardCase.SplitByTraffic);
                foreach (ScheduleItem item in request.Items)
                {
                    if (item is not { Action: ScheduleAction.Create, Copies: false, Span.IsWhole: true }) continue;
                    if (_inherited.Remove((host, request.Mode, item.Span.Table)))
                        world.Reached.Reached(HardCase.MadeWhole);
                }

                break;
            case Send { Message: MergeRequest request }:
                if (IsByTraffic) world.Reached.Reached(HardCase.MergedByTraffic);
                _inherited.Remove((host, request.Mode, request.Item.Span.Table));
                break;
        }
    }

    /// <summary>Nobody else splits tables in this run.</summary>
    bool IsByTraffic => world.Swarm is { Traffic: not null, Scheduling: null };

    void Spoke(RoleHost host, Epoch epoch)
    {
        if (epoch != Epoch.None && epoch < world.Checks.PersistedEpoch) _spokeLate.Add(host);
    }

    void Shown(RoleHost host, BootstrapResponse answer, SpanSnapshot span)
    {
        if (!span.Span.IsWhole && span.State == ComponentState.Working)
            _inherited.Add((host, span.Mode, span.Span.Table));
        if (span.Block?.Stage == BlockStage.Writing) world.Reached.Reached(HardCase.TakeoverWriting);
        if (span.Mode != Mode.Redo || span.Owner.Epoch >= answer.Epoch.Value) return;
        if (span.Id.IsTrigger && span.State == ComponentState.Working)
            world.Reached.Reached(HardCase.RedoTriggerTakenOver);
        if (span.Block?.Stage is BlockStage.Waiting or BlockStage.Writing)
            world.Reached.Reached(HardCase.RedoTakeoverInBlock);
    }

    /// <summary>A DONE of which nothing can come any more; a part that stands where its table has to be whole.</summary>
    void Report(BarrierWatch watch, BlockStatus status)
    {
        if (status is { Stage: BlockStage.Waiting, Payload.Unsplit: { Length: > 0 } unsplit }
            && watch.Schedule?.Find(status.Dispatcher) is { Span.IsWhole: false } part
            && unsplit.Contains(part.Span.Table)) _unsplit.Add(status.Event);
        if (status.Stage != BlockStage.Done) return;
        bool isLate = watch.Schedule?.Find(status.Dispatcher) is not { } task || task.Owner != status.Owner
            || task.IsBeyond(status.Event.At);
        if (isLate) world.Reached.Reached(HardCase.LateDone);
    }
}
