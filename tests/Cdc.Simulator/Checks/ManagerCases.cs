using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Checks;

/// <summary>Counts the hard cases that a dispatcher manager meets. Asked before the watch takes the input.</summary>
public sealed class ManagerCases(ReachedStates reached)
{
    readonly Dictionary<(DispatcherId, BlockEventId), Owner> _waited = [];
    readonly Dictionary<(DispatcherId, BlockEventId), Epoch> _scheduled = [];
    readonly HashSet<(DispatcherId, Owner, CommitTs)> _cut = [];

    public void Before(ManagerWatch watch, Input input)
    {
        switch (input)
        {
            case OwnerRefused: reached.Reached(HardCase.ZombieRefused); break;
            case BlockWritten written: Written(watch, written); break;
            case SendEnded { IsSent: false }: reached.Reached(HardCase.SendRequeued); break;
            case Received { From.Role: Role.Changefeed, Message: CloseRequest close } when close.Epoch >= watch.Epoch:
                if (watch.Living.Any()) reached.Reached(HardCase.LeftAlone);
                break;
            case Received { Message: BootstrapRequest request }: Bootstrap(watch, request); break;
            case Received { Message: ScheduleRequest request }: Schedule(watch, request); break;
            case Received { Message: MergeRequest merge } when merge.Epoch == watch.Epoch: Merge(watch, merge); break;
            case Received { Message: BlockInstructions orders } when orders.Epoch == watch.Epoch:
                foreach (BlockInstruction order in orders.Items) Pass(watch, orders.Mode, order);
                break;
        }
    }

    public void After(ManagerWatch watch, Effect effect)
    {
        switch (effect)
        {
            case WriteRows { Rows: { IsFirst: false } or { IsLast: false } } piece:
                Cut(piece);
                break;
            case FlushSink when watch.Input is Received { Message: BlockInstructions }:
                reached.Reached(HardCase.HeldReleased);
                break;
            case Send { Message: BlockStatusRequest request }:
                foreach (BlockStatus status in request.Statuses) Report(request.Epoch, status);
                break;
            case Send { Message: CloseResponse { IsClosed: true } } when !watch.IsStale:
                reached.Reached(HardCase.Paused);
                break;
        }
    }

    /// <summary>A step that comes in several pieces: begun again where it had begun before, it was cut.</summary>
    void Cut(WriteRows piece)
    {
        if (piece.Rows.IsLast) reached.Reached(HardCase.StepInPieces);
        if (!piece.Rows.IsFirst) return;
        if (!_cut.Add((piece.Dispatcher, piece.Owner, piece.Rows.At))) reached.Reached(HardCase.StepBegunAnew);
    }

    void Written(ManagerWatch watch, BlockWritten written)
    {
        if (written.WasRecorded) reached.Reached(HardCase.FoundRecorded);
        if (watch.Find(written.Mode, written.Dispatcher, written.Owner)?.Pending is { IsSyncPoint: true })
            reached.Reached(HardCase.SyncpointWritten);
    }

    void Bootstrap(ManagerWatch watch, BootstrapRequest request)
    {
        if (request.Epoch <= watch.Tombstone && request.Epoch >= watch.Epoch)
            reached.Reached(HardCase.TombstoneRefused);
        if (request.Epoch <= watch.Epoch) return;
        if (watch.Living.Any(static i => i.Phase == PendingPhase.Waiting && i.IsAcknowledged))
            reached.Reached(HardCase.TakeoverAcknowledged);
    }

    void Schedule(ManagerWatch watch, ScheduleRequest request)
    {
        foreach (ScheduleItem item in request.Items)
        {
            Incarnation? known = watch.Find(request.Mode, item.Id);
            if (item.Action == ScheduleAction.Create)
            {
                bool isStale = request.Epoch < watch.Epoch || known?.Owner > item.Owner
                    || watch.Find(request.Mode, item.Id, item.Owner) is { IsDropped: true };
                if (isStale) reached.Reached(HardCase.StaleCreate);
            }
            else if (known?.Phase == PendingPhase.Waiting && request.Epoch == watch.Epoch)
            {
                if (item.Operation == OperationKind.Split) reached.Reached(HardCase.SplitWaiting);
                if (item.Operation == OperationKind.Move) reached.Reached(HardCase.MoveWaiting);
            }
        }
    }

    void Merge(ManagerWatch watch, MergeRequest merge)
    {
        if (merge.Item.Sources.Any(id => watch.Find(merge.Mode, id)?.Phase == PendingPhase.Waiting))
            reached.Reached(HardCase.MergeWaiting);
    }

    void Pass(ManagerWatch watch, Mode mode, BlockInstruction order)
    {
        if (order.Kind != InstructionKind.Pass) return;
        foreach (Incarnation one in watch.Living)
        {
            if (one.Mode != mode || !one.IsWaitingAt(order.Event)) continue;
            if (_waited.TryGetValue((one.Id, order.Event), out Owner first) && first != one.Owner)
                reached.Reached(HardCase.PassToNewIncarnation);
        }
    }

    void Report(Epoch epoch, BlockStatus status)
    {
        var key = (status.Dispatcher, status.Event);
        if (status.Stage == BlockStage.Waiting) _waited.TryAdd(key, status.Owner);
        if (status.Stage != BlockStage.Scheduled) return;
        if (!_scheduled.TryAdd(key, epoch) && _scheduled[key] < epoch) reached.Reached(HardCase.ScheduledToNewOwner);
    }
}
