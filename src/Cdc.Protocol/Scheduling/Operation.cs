using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Something that is being done with a span, from the first request until the span is where it should be.
/// A span has one at a time.</summary>
/// <remarks>What is asked of a node is repeated until the answer shows that it is so. Reports of other incarnations
/// than the one it deals with never reach it.</remarks>
internal abstract class Operation(Schedule schedule, SpanTask task, TimeSpan since)
{
    Request? _request;

    internal int Slot = -1;

    public SpanTask Task { get; } = task;
    public TimeSpan Since { get; } = since;
    public abstract OperationKind Kind { get; }

    /// <summary>What it waits for now, for whoever asks.</summary>
    public abstract string Waits { get; }

    protected Schedule Schedule { get; } = schedule;

    /// <summary>A report of the incarnation that it deals with, from the node where that is.</summary>
    /// <param name="task">Whose: its own, or a source's of a merge.</param>
    public abstract void On(SpanTask task, in SpanStatus status, TimeSpan now);

    /// <summary>A complete heartbeat of the node where the span is does not have it.</summary>
    public virtual void Missing(SpanTask task, TimeSpan now) { }

    /// <summary>A node has left.</summary>
    public abstract void NodeLeft(NodeId node, TimeSpan now);

    /// <summary>The table leaves the schedule, which then removes what runs of it.</summary>
    public virtual void Dropped(TimeSpan now) => End();

    protected void Ask(Request request)
    {
        Withdraw();
        _request = request;
        Schedule.Outbox.Post(request);
    }

    protected void Withdraw()
    {
        if (_request is not null) Schedule.Outbox.Withdraw(_request);
        _request = null;
    }

    protected void End()
    {
        Withdraw();
        Schedule.Ended(this);
    }

    protected Request Create(SpanTask task, CommitTs start, bool copies = false) => new(task.Node, new(
        ScheduleAction.Create, Kind, task.Id, task.Owner, task.Span, task.Schema, start, copies));

    protected Request Remove(SpanTask task) => new(task.Node, new(
        ScheduleAction.Remove, Kind, task.Id, task.Owner, task.Span, task.Schema, task.Checkpoint, Copies: false));
}
