using System.Collections.Immutable;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Maintenance;

/// <summary>Makes the schedule of a mode from what the managers have and from the list of tables.</summary>
/// <remarks>
/// <para>Where incarnations overlap, the one with the larger owner stays: the sink refuses the other. The others
/// are removed. So is one that is behind the persisted checkpoint: another incarnation has brought that there, and
/// the sink may have fenced this one long ago. So are parts of a table that is not to be split, and those of one of
/// which nobody has the rest. What nobody has is made, from the persisted checkpoint on, each table in one span: how
/// far a span was that nobody shows is not known, and it may have been behind the table trigger.</para>
/// <para>A span of a table that is not in the list was made behind the position of the list if it is beyond it: the
/// trigger reports that again. Else the table has been dropped.</para>
/// </remarks>
internal sealed class Rebuilding(Schedule schedule, CommitTs persisted, TimeSpan now)
{
    readonly record struct Shown(NodeId Node, SpanSnapshot Snapshot, bool IsGoing, bool IsBehind);

    readonly Dictionary<TableId, List<Shown>> _tables = [];

    /// <summary>Takes what a node has.</summary>
    public void Take(NodeId node, BootstrapResponse answer) => Take(node, answer, all: true);

    /// <summary>Takes the trigger alone, which says where the list of tables is to be loaded.</summary>
    public void TakeTrigger(NodeId node, BootstrapResponse answer) => Take(node, answer, all: false);

    void Take(NodeId node, BootstrapResponse answer, bool all)
    {
        HashSet<(DispatcherId, Owner)> removes = [];
        foreach (OperationSnapshot operation in answer.Operations)
        {
            if (operation.Mode != schedule.Mode || operation.Item is not { } item) continue;
            if (item.Action == ScheduleAction.Remove) removes.Add((item.Id, item.Owner));
        }

        foreach (SpanSnapshot snapshot in answer.Spans)
        {
            if (snapshot.Mode != schedule.Mode || snapshot.State == ComponentState.Stopped) continue;
            if (!all && snapshot.Span.Table != TableId.Trigger) continue;

            // A remove of an incarnation that the node does not show any more says nothing.
            bool isGoing = snapshot.State == ComponentState.Stopping
                || removes.Contains((snapshot.Id, snapshot.Owner));
            TableId table = snapshot.Span.Table;
            if (!_tables.TryGetValue(table, out List<Shown>? shown)) _tables.Add(table, shown = new(1));
            shown.Add(new(node, snapshot, isGoing, IsBehind: snapshot.Checkpoint < persisted));
        }
    }

    /// <summary>Where the list of tables is to be loaded: where the trigger is, all before it has been done.</summary>
    public CommitTs LoadAt() =>
        Trigger() is { } trigger ? CommitTs.Max(trigger.Snapshot.Checkpoint, persisted) : persisted;

    public void Build(ImmutableArray<AddedTable> tables, CommitTs at)
    {
        schedule.Loaded(at);
        BuildTrigger(at);
        Dictionary<TableId, AddedTable> listed = new(tables.Length);
        foreach (AddedTable table in tables)
        {
            if (schedule.Parked.Contains(table.Table)) schedule.Parked.Learn(table);
            else listed[table.Table] = table;
        }

        foreach (AddedTable table in listed.Values.OrderBy(static table => table.Table))
        {
            List<Shown> shown = _tables.GetValueOrDefault(table.Table) ?? [];
            if (!table.IsSplittable) DiscardParts(shown);
            BuildTable(table, shown);
        }

        foreach (TableId table in _tables.Keys.Where(table => !listed.ContainsKey(table)).Order())
        {
            if (table != TableId.Trigger) BuildUnlisted(table, _tables[table], at);
        }
    }

    Shown? Trigger()
    {
        if (!_tables.TryGetValue(TableId.Trigger, out List<Shown>? shown)) return null;
        Shown? best = null;
        foreach (Shown each in shown)
        {
            if (each.IsBehind) continue;
            if (best is not { } other || each.Snapshot.Owner > other.Snapshot.Owner) best = each;
        }

        return best;
    }

    void BuildTrigger(CommitTs at)
    {
        schedule.Raise(schedule.Trigger, at);
        // One that was further may have left while the list was loaded. Those that are behind it can't be adopted: an
        // event that they still stand at is one that the schedule takes for done.
        Shown? trigger = Trigger() is { } best && best.Snapshot.Checkpoint >= at ? best : null;
        foreach (Shown each in _tables.GetValueOrDefault(TableId.Trigger) ?? [])
        {
            if (each != trigger) Discard(each);
        }

        if (trigger is { } stays) Adopt(schedule.Trigger, stays);
    }

    void BuildTable(in AddedTable table, List<Shown> shown)
    {
        List<(SpanTask Task, Shown From)> adopted = Choose(shown);
        if (!IsWhole(adopted))
        {
            foreach ((_, Shown from) in adopted) Discard(from);
            schedule.AddTable(table, persisted);
            return;
        }

        ReadOnlySpan<SpanTask> spans = [.. adopted.Select(static each => each.Task)];
        schedule.Spans.Add(table.Table, table.Schema, table.IsSplittable, spans);
        foreach ((SpanTask task, Shown from) in adopted)
        {
            task.Schema = table.Schema;
            Adopt(task, from);
        }
    }

    /// <summary>An event that needs a table in one span is not written before its parts are merged, and the trigger
    /// is behind it: parts that a node still has are of before.</summary>
    void DiscardParts(List<Shown> shown)
    {
        foreach (Shown each in shown)
        {
            if (!each.Snapshot.Span.IsWhole) Discard(each);
        }

        shown.RemoveAll(static each => !each.Snapshot.Span.IsWhole);
    }

    void BuildUnlisted(TableId table, List<Shown> shown, CommitTs at)
    {
        CommitTs least = shown[0].Snapshot.Checkpoint;
        foreach (Shown each in shown) least = CommitTs.Min(least, each.Snapshot.Checkpoint);
        if (least > at && !schedule.Parked.Contains(table))
        {
            BuildTable(new(table, shown[0].Snapshot.Schema, IsSplittable: false), shown);
            schedule.Unlisted.Add(table, least);
            return;
        }

        foreach (Shown each in shown) Discard(each);
    }

    /// <summary>Those that stay, without overlap; the rest is removed.</summary>
    List<(SpanTask Task, Shown From)> Choose(List<Shown> shown)
    {
        shown.Sort(static (left, right) => right.Snapshot.Owner.CompareTo(left.Snapshot.Owner));
        List<(SpanTask Task, Shown From)> chosen = new(shown.Count);
        foreach (Shown each in shown)
        {
            // A target that still waits for its sources has nothing; one that has begun has all of theirs.
            bool stays = !each.IsBehind
                && each.Snapshot.State is not (ComponentState.Preparing or ComponentState.Copying);
            foreach ((SpanTask task, _) in chosen)
            {
                stays &= !task.Span.Overlaps(each.Snapshot.Span) && task.Id != each.Snapshot.Id;
            }

            if (stays) chosen.Add((TaskOf(each.Snapshot), each));
            else Discard(each);
        }

        chosen.Sort(static (left, right) => left.Task.Span.From.CompareTo(right.Task.Span.From));
        return chosen;
    }

    static bool IsWhole(List<(SpanTask Task, Shown From)> adopted)
    {
        ulong next = 0;
        foreach ((SpanTask task, _) in adopted)
        {
            if (task.Span.From != next) return false;
            next = task.Span.To;
        }

        return next == TableSpan.HashEnd;
    }

    SpanTask TaskOf(SpanSnapshot snapshot) =>
        new(schedule.Mode, snapshot.Id, snapshot.Span, snapshot.Schema, CommitTs.Max(snapshot.Checkpoint, persisted))
        {
            IsInherited = !snapshot.Span.IsWhole,
        };

    void Adopt(SpanTask task, in Shown from)
    {
        Owner owner = from.Snapshot.Owner;
        if (from.IsGoing) schedule.Begin(new MoveOperation(schedule, task, from.Node, owner, now));
        else if (from.Snapshot.State == ComponentState.Working)
        {
            schedule.Spans.MakeScheduling(task, from.Node, owner);
            schedule.Spans.MakeReplicating(task);
        }
        else schedule.Begin(new AddOperation(schedule, task, from.Node, owner, now));
    }

    void Discard(in Shown each) => schedule.Discard(each.Node, each.Snapshot, now);
}
