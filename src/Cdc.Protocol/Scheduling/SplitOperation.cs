using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Makes several spans of one. The new ones run nowhere at first, and start where the old one ended.</summary>
/// <remarks><code>
/// RemovingOrigin --stopped, node left--> replaced by absent ones
/// </code></remarks>
internal sealed class SplitOperation : Operation
{
    readonly ImmutableArray<TableSpan> _into;

    public SplitOperation(Schedule schedule, SpanTask task, ImmutableArray<TableSpan> into, TimeSpan now)
        : base(schedule, task, now)
    {
        _into = into;
        schedule.Spans.MakeScheduling(task, task.Node, task.Owner);
        Ask(Remove(task));
    }

    public override OperationKind Kind => OperationKind.Split;

    public override string Waits => $"{Task.Node} to stop it";

    public override void On(SpanTask task, in SpanStatus status, TimeSpan now)
    {
        if (status.State == ComponentState.Stopped) Stopped();
    }

    public override void Missing(SpanTask task, TimeSpan now) => Stopped();

    public override void NodeLeft(NodeId node, TimeSpan now)
    {
        if (node == Task.Node) Stopped();
    }

    void Stopped()
    {
        End();
        var parts = new SpanTask[_into.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = new(Task.Mode, Schedule.NextId(), _into[i], Task.Schema, Task.Checkpoint);
        }

        Schedule.Spans.Replace(Schedule.Spans.Table(Task.Span.Table)!, [Task], parts);
    }
}
