using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Maintenance;

/// <summary>Takes a node that comes when the schedule is there already. What runs there and is nowhere else in the
/// schedule, as the incarnation that it knows, stays; all else is removed.</summary>
internal static class Joining
{
    public static void Take(Schedule schedule, NodeId node, BootstrapResponse answer, TimeSpan now)
    {
        foreach (SpanSnapshot shown in answer.Spans)
        {
            if (shown.Mode != schedule.Mode || shown.State == ComponentState.Stopped) continue;
            SpanTask? task = schedule.Find(shown.Id);
            bool isWanted = task is { State: TaskState.Absent } && task.Owner == shown.Owner
                && shown.State == ComponentState.Working;
            if (!isWanted)
            {
                schedule.Discard(node, shown, now);
                continue;
            }

            // Not replicating before a heartbeat says that it works: a watermark that comes late may be from before it
            // was made there.
            schedule.Raise(task!, shown.Checkpoint);
            schedule.Begin(new AddOperation(schedule, task!, node, shown.Owner, now));
        }

        // A create that the node has not carried out yet may be of ours, from before it left our view.
        foreach (OperationSnapshot operation in answer.Operations)
        {
            if (operation.Mode != schedule.Mode) continue;
            if (operation.Item is not { Action: ScheduleAction.Create } item) continue;
            SpanTask? task = schedule.Find(item.Id);
            if (task is not null && task.Node == node && task.Owner == item.Owner) continue;
            schedule.Discard(node, item, now);
        }
    }
}
