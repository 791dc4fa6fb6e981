using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Makes one span of several that lie side by side on one node. The sources stay in the schedule until the
/// target works, which then takes their place.</summary>
/// <remarks><code>
/// Merging --target working------> target in the place of its sources, replicating
///    | target stopped     | node left
///    v                    v
/// Restoring             sources absent
///    each source: working --> replicating; stopped or missing --> absent
/// </code></remarks>
internal sealed class MergeOperation : Operation
{
    readonly SpanTask[] _sources;
    bool _isRestoring;

    public MergeOperation(Schedule schedule, SpanTask target, SpanTask[] sources, TimeSpan now)
        : base(schedule, target, now)
    {
        _sources = sources;
        NodeId node = sources[0].Node;
        (target.Node, target.Owner, target.State) = (node, schedule.NextOwner(), TaskState.Scheduling);
        var ids = ImmutableArray.CreateBuilder<DispatcherId>(sources.Length);
        foreach (SpanTask source in sources)
        {
            schedule.Spans.MakeScheduling(source, source.Node, source.Owner);
            ids.Add(source.Id);
        }

        MergeItem item = new(target.Id, target.Owner, target.Span, target.Schema, ids.MoveToImmutable());
        Ask(new Request(node, null, item));
    }

    public override OperationKind Kind => OperationKind.Merge;

    public override string Waits =>
        _isRestoring ? $"{Task.Node} to say which sources still run" : $"{Task.Node} to start the merged one";

    public ReadOnlySpan<SpanTask> Sources => _sources;

    public override void On(SpanTask task, in SpanStatus status, TimeSpan now)
    {
        if (!ReferenceEquals(task, Task))
        {
            if (_isRestoring) Restore(task, status.State);
        }
        else if (_isRestoring) return;
        else if (status.State == ComponentState.Working) Merged();
        else if (status.State == ComponentState.Stopped) Abort();
    }

    public override void Missing(SpanTask task, TimeSpan now)
    {
        // Before that, a source that has ended has made room for the target, which may not be reported yet.
        if (_isRestoring && !ReferenceEquals(task, Task)) Restore(task, ComponentState.Stopped);
    }

    public override void NodeLeft(NodeId node, TimeSpan now)
    {
        if (node != Task.Node) return;
        foreach (SpanTask source in _sources)
        {
            // The merge may reach the node yet, and end them: should it come back, they are not taken for running.
            if (ReferenceEquals(source.Operation, this)) Schedule.Spans.MakeStopped(source);
        }

        End();
    }

    public override void Dropped(TimeSpan now)
    {
        End();
        Schedule.Discard(Task.Node, Task, now);
    }

    void Merged()
    {
        End();
        Task.State = TaskState.Replicating;
        Schedule.Spans.Replace(Schedule.Spans.Table(Task.Span.Table)!, _sources, [Task]);
    }

    void Abort()
    {
        _isRestoring = true;
        Withdraw();
    }

    void Restore(SpanTask source, ComponentState state)
    {
        if (state == ComponentState.Working) Schedule.Spans.MakeReplicating(source);
        else if (state == ComponentState.Stopped) Schedule.Spans.MakeStopped(source);
        else return;

        source.Operation = null;
        if (Array.TrueForAll(_sources, static each => each.Operation is null)) End();
    }
}
