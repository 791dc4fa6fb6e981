using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Has a node copy a table that is not in the schedule, and then brings it in where the copy stands.</summary>
/// <remarks><code>
/// Copying --copied--> Entering --no event beyond it may be being executed--> Persisting --persisted--> an add takes
///    |                   |                  it on; in the schedule from Persisting on: barriers wait for it
///    |                   |
///    +-------------------+-- stopped, node left, a block event of the table --> ended: copied again from the beginning
/// Persisting --stopped, missing, node left--> absent
/// </code>
/// Its position counts in the checkpoint from the beginning: what lies behind it may not be forgotten before the table
/// runs.</remarks>
internal sealed class CopyOperation : Operation
{
    CommitTs? _standsAt;

    public CopyOperation(Schedule schedule, SpanTask task, NodeId node, TimeSpan now)
        : base(schedule, task, now)
    {
        (task.Node, task.Owner, task.State) = (node, schedule.NextOwner(), TaskState.Scheduling);
        Ask(Create(task, schedule.StartOf(task), copies: true));
    }

    /// <summary>Where the finished copy stands; null: the table is not in the schedule yet.</summary>
    public CommitTs? CopiedAt { get; private set; }

    public override OperationKind Kind => OperationKind.Add;

    public override string Waits => (_standsAt, CopiedAt) switch
    {
        (null, _) => $"{Task.Node} to copy it",
        (_, null) => "a block event to be executed without it",
        _ => "the changefeed to keep where its copy stands",
    };

    public override void On(SpanTask task, in SpanStatus status, TimeSpan now)
    {
        if (status.State == ComponentState.Stopped) Stopped(isKnown: true);
        else if (_standsAt is null && status.Copied is { } at) Copied(at, now);
    }

    public override void Missing(SpanTask task, TimeSpan now)
    {
        // What is being created may not have got there yet; a copy that was finished was there.
        if (CopiedAt is not null) Stopped(isKnown: true);
    }

    public override void NodeLeft(NodeId node, TimeSpan now)
    {
        if (node == Task.Node) Stopped(isKnown: false);
    }

    /// <summary>Brings the table in, if it is copied and nobody may be executing an event that did not wait for it.
    /// </summary>
    public void TryEnter()
    {
        if (CopiedAt is not null || _standsAt is not { } at || Schedule.Copies.MustWait(this, at)) return;
        CopiedAt = at;
        Task.Raise(at);
        Schedule.Copies.Enter(this);
    }

    /// <summary>The changefeed has the table where its copy stands.</summary>
    public void Persisted(TimeSpan now)
    {
        End();
        Schedule.Begin(new AddOperation(Schedule, Task, Task.Node, Task.Owner, now));
    }

    /// <summary>It is not wanted any more, or what it has copied has changed: what there is of it is removed.</summary>
    public void Cancel(TimeSpan now)
    {
        End();
        Schedule.Discard(Task.Node, Task, now);
    }

    void Copied(CommitTs at, TimeSpan now)
    {
        // A copy below what may be forgotten leaves a gap behind it.
        if (at < Task.Checkpoint)
        {
            Cancel(now);
            return;
        }

        _standsAt = at;
        Withdraw();
        TryEnter();
    }

    void Stopped(bool isKnown)
    {
        End();
        if (CopiedAt is null) return;
        if (isKnown) Schedule.Spans.MakeStopped(Task);
        else Schedule.Spans.MakeAbsent(Task);
    }
}
