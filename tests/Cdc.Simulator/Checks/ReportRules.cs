using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Checks;

/// <summary>What a manager reports of block events: true, in order, once at a time, again until it is heard.</summary>
public sealed class ReportRules
{
    static readonly TimeSpan Repeat = TimeSpan.FromSeconds(5);

    readonly HashSet<(DispatcherId, Owner, BlockEventId, BlockStage, BlockAction?)> _keys = [];
    TimeSpan _lastTick = TimeSpan.MinValue;
    long? _underWay;
    bool _isClosing = true;
    bool _hasFailed;

    public void Owner(bool isClosing) => _isClosing = isClosing;

    public void Ended(SendEnded ended)
    {
        if (ended.Token != _underWay) return;
        (_underWay, _hasFailed) = (null, !ended.IsSent);
    }

    public void Sent(BlockStatusRequest request, long? token)
    {
        (_underWay, _hasFailed) = (token, false);
        _keys.Clear();
        foreach (BlockStatus status in request.Statuses)
        {
            if (status.Stage == BlockStage.Scheduled) continue;
            bool isOne = _keys.Add((status.Dispatcher, status.Owner, status.Event, status.Stage, status.Action));
            Rules.Ensure(isOne, "INV-31", status, "is in one request twice");
        }
    }

    /// <param name="now">By the clock of the manager.</param>
    /// <param name="mode">Whose reports these are.</param>
    /// <param name="all">Every dispatcher that the manager has had, of both modes.</param>
    public void OnTick(TimeSpan now, Mode mode, Dictionary<(Mode, DispatcherId), Incarnation>.ValueCollection all)
    {
        TimeSpan last = _lastTick;
        _lastTick = now;
        // While a request is under way, or has to be sent again, nothing else is.
        if (_underWay is not null || _hasFailed || _isClosing) return;
        foreach (Incarnation one in all)
        {
            if (one.Mode != mode || one.IsDropped) continue;
            Rules.Ensure(
                one.Phase != PendingPhase.Waiting || one.IsAcknowledged || one.SaidAt + Repeat > last,
                "INV-7", one, "has not repeated its report, and nobody has acknowledged it");
        }
    }

    /// <param name="one">Who says it.</param>
    /// <param name="status">What.</param>
    /// <param name="resolved">How far every session may be.</param>
    public static void Check(Incarnation one, BlockStatus status, CommitTs resolved)
    {
        BlockEventId id = status.Event;
        switch (status.Stage)
        {
            case BlockStage.Waiting:
                Rules.Ensure(one.HasFlushed(id), "INV-2", one, "waits at what lies before is not durable", id);
                Rules.Ensure(!(one.MaxDone?.CompareTo(id) >= 0), "INV-33", one,
                    $"waits behind DONE({one.MaxDone})", id);
                Rules.Ensure(!(one.MaxWaiting?.CompareTo(id) > 0), "INV-22", one,
                    $"waits at an earlier event than {one.MaxWaiting}", id);
                one.MaxWaiting = id;
                break;
            case BlockStage.Scheduled:
                Rules.Ensure(one.HasExecutedAlone(id), "INV-4", one, "reports what it has not executed", id);
                break;
            case BlockStage.Done:
                bool isBehind = !one.HasOpened || one.HasDone(id)
                    || (one.Pending != id && id.At <= CommitTs.Max(one.Received, resolved));
                Rules.Ensure(isBehind, "INV-4", one, "reports as done what is not", id);
                if (!(one.MaxDone?.CompareTo(id) > 0)) one.MaxDone = id;
                break;
            default:
                Rules.Ensure(false, "INV-4", one, "says what is never sent", status.Stage);
                break;
        }
    }
}
