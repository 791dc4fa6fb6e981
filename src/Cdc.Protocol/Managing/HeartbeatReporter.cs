using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>When a heartbeat goes out, and with what.</summary>
sealed class HeartbeatReporter(NodeId node, Func<SessionLost, bool> isNeeded)
{
    NodeFailure? _failure;
    TimeSpan? _watermarkAt;
    TimeSpan? _completeAt;
    TimeSpan? _failureAt;

    /// <summary>What dispatchers need and is lost for ever.</summary>
    public LostSessions Lost { get; } = new(node, isNeeded);

    /// <summary>The first one stays until everything is closed: the others follow from it.</summary>
    public void Fail(NodeFailed failed) => _failure ??= new(node, failed.Kind, failed.Message, null);

    /// <summary>Another maintainer, or nothing left: what was said before was said to somebody else.</summary>
    public void Restart()
    {
        (_watermarkAt, _completeAt, _failureAt) = (null, null, null);
    }

    public void Recover() => _failure = null;

    public void Report(Ownership ownership, ReadOnlySpan<ModePipeline> modes, TimeSpan now, Effects effects)
    {
        ImmutableArray<NodeFailure> due =
            !IsDue(_failureAt, now) ? [] : _failure is { } failure ? [failure] : Lost.Next();
        bool isFailureDue = !due.IsEmpty;
        bool isComplete = IsDue(_completeAt, now);
        bool isWatermarkDue = IsDue(_watermarkAt, now);
        foreach (ModePipeline mode in modes)
        {
            if (!isFailureDue && !isComplete && !isWatermarkDue && !mode.HasChanges) continue;
            ImmutableArray<NodeFailure> failures = mode.Mode == Mode.Event ? due : [];
            // The watermark and the states are of one moment: what it includes is told with it.
            Send(ownership, mode, mode.TakeChanges(), false, failures, effects);
            if (isComplete) Send(ownership, mode, mode.All(), true, [], effects);
            if (isComplete && mode.TakeTraffic() is { IsEmpty: false } traffic)
                effects.Send(ownership.Maintainer, new TrafficReport(ownership.Current, mode.Mode, traffic));
        }

        if (isFailureDue) _failureAt = now + ManagerTimes.Failure;
        if (isComplete) _completeAt = now + ManagerTimes.Complete;
        if (isWatermarkDue) _watermarkAt = now + ManagerTimes.Watermark;
    }

    static void Send(
        Ownership ownership,
        ModePipeline mode,
        ImmutableArray<SpanStatus> statuses,
        bool isComplete,
        ImmutableArray<NodeFailure> failures,
        Effects effects) =>
        effects.Send(ownership.Maintainer, new Heartbeat(
            ownership.Current, mode.Mode, mode.Watermark, statuses, isComplete, failures));

    static bool IsDue(TimeSpan? at, TimeSpan now) => at is null || now >= at;
}
