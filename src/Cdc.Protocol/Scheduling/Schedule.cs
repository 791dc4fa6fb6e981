using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Which spans there are in one mode, where they run, and what is being done about it. One per mode of a
/// maintainer.</summary>
/// <remarks>
/// <para>The spans of a table that it knows cover the whole interval at any moment, without overlap.</para>
/// <para>Reports count only from the node and of the incarnation that the schedule has; any other dispatcher that
/// shows up is removed, so a late message heals itself.</para>
/// </remarks>
internal sealed class Schedule : IBarrierSchedule
{
    readonly Numbering _numbering;
    readonly CommittedCheckpoint _committed;
    readonly SlotList<Operation> _operations = new(static operation => ref operation.Slot);
    readonly Dictionary<DispatcherId, SpanTask> _targets = [];
    readonly Removals _removals;
    ulong _round;

    public Schedule(Mode mode, Numbering numbering, CommittedCheckpoint committed)
    {
        (Mode, _numbering, _committed) = (mode, numbering, committed);
        var everything = TableSpan.Whole(TableId.Trigger);
        Spans = new(new SpanTask(mode, DispatcherId.TriggerOf(mode), everything, "", committed.Value));
        Outbox = new(numbering.Epoch, mode);
        _removals = new(Outbox);
        Reshaping = new(this);
        Copies = new(this);
    }

    public Mode Mode { get; }

    public Epoch Epoch => _numbering.Epoch;

    /// <summary>Where the table list was loaded: what a block event at or before it did is in the list.</summary>
    public CommitTs LoadedAt { get; private set; }

    public SpanIndex Spans { get; }

    public Outbox Outbox { get; }

    public Reshaping Reshaping { get; }

    public Copies Copies { get; }

    public SlotList<Operation> Operations => _operations;

    public Removals Removals => _removals;

    /// <summary>Those that a failure holds, and since when.</summary>
    public HeldSpans Held { get; } = new();

    /// <summary>Adopted tables whose making is still to be reported.</summary>
    public UnlistedTables Unlisted { get; } = new();

    /// <summary>The tables that are kept out.</summary>
    public ParkedTables Parked { get; } = new();

    public SpanTask Trigger => Spans.Trigger;

    public IReadOnlyCollection<SpanTask> All => Spans.All;

    public SpanTask? Find(DispatcherId id) => Spans.Find(id);

    /// <summary>Whether that incarnation is the one that is to have a span, on that node.</summary>
    public bool Has(NodeId node, DispatcherKey incarnation) =>
        Find(incarnation.Dispatcher) is { } task && task.Node == node && task.Owner == incarnation.Owner;

    public IReadOnlyList<SpanTask> OfTable(TableId table) =>
        Spans.Table(table)?.Spans ?? (table == TableId.Trigger ? [Trigger] : (IReadOnlyList<SpanTask>)[]);

    public IReadOnlyCollection<SpanTask> OfSchema(string schema)
    {
        List<SpanTask> tasks = [];
        foreach (TableId table in Spans.TablesOf(schema)) tasks.AddRange(Spans.Table(table)!.Spans);
        return tasks;
    }

    public void Raise(SpanTask task, CommitTs checkpoint) => Spans.Raise(task, checkpoint);

    public void Apply(BlockPayload payload, CommitTs at, TimeSpan now)
    {
        if (at <= LoadedAt) return;
        Drop(payload.Dropped, now);
        foreach (AddedTable added in payload.Added) AddTable(added, at);
        foreach (MovedTable change in payload.Moved)
        {
            Copies.Moved(change);
            Parked.Moved(change);
            if (Spans.Table(change.Table) is { } table) Spans.ChangeSchema(table, change.To);
        }

        foreach (TableId table in payload.Unsplit)
        {
            Copies.Forbid(table);
            Reshaping.Forbid(table);
            Parked.Unsplit(table);
        }
    }

    /// <summary>The table list is of this position.</summary>
    public void Loaded(CommitTs at) => LoadedAt = at;

    /// <summary>A table that is new, in one span, which runs nowhere yet; one that is known stays as it is.</summary>
    public void AddTable(in AddedTable added, CommitTs start)
    {
        if (Parked.Contains(added.Table))
        {
            Parked.Learn(added);
            return;
        }

        if (Spans.Table(added.Table) is { } known)
        {
            if (Unlisted.Confirm(added.Table)) known.IsSplittable = added.IsSplittable;
            return;
        }

        SpanTask whole = new(Mode, NextId(), TableSpan.Whole(added.Table), added.Schema, start);
        Spans.Add(added.Table, added.Schema, added.IsSplittable, [whole]);
    }

    /// <summary>A table that was copied comes in as it is; its span does not run yet.</summary>
    public void Enter(SpanTask copied, in AddedTable table)
    {
        _targets.Remove(copied.Id);
        Spans.Waiting.Remove(copied);
        Parked.Remove(table.Table);
        Spans.Add(table.Table, table.Schema, table.IsSplittable, [copied]);
    }

    /// <summary>Keeps a table out, until a copy brings it in again.</summary>
    public void Park(TableId table, TimeSpan now)
    {
        // One that no list and no event has named yet may be a leftover of a table that is dropped.
        TableTasks? named = Unlisted.Contains(table) ? null : Spans.Table(table);
        Parked.Add(table, named is null ? null : new(table, named.Schema, named.IsSplittable));
        DropTable(table, now);
    }

    /// <summary>Takes a table out at once. What runs of it, or may run, is removed.</summary>
    public void DropTable(TableId table, TimeSpan now)
    {
        Copies.Forget(table, now);
        if (Spans.Table(table) is not { } tasks) return;
        End(tasks.Spans, now);
        Spans.Remove(tasks);
        Unlisted.Confirm(table);
        Reshaping.Forget(table);
    }

    /// <summary>Takes what a manager reports of its dispatchers; its watermark has been taken before.</summary>
    /// <param name="isCurrent">Whether no later set of dispatchers of that node has been heard of: only then can it
    /// prove that something is not there.</param>
    public void Take(NodeId from, Heartbeat heartbeat, bool isCurrent, TimeSpan now)
    {
        ulong round = ++_round;
        foreach (ref readonly SpanStatus status in heartbeat.Statuses.AsSpan())
        {
            // What an older set of dispatchers says to be running may have ended since; what had ended has.
            bool counts = isCurrent || status.State == ComponentState.Stopped;
            if (counts) Take(from, in status, heartbeat.IsComplete, round, now);
        }

        if (heartbeat.IsComplete && isCurrent) Complete(from, round, now);
    }

    /// <summary>A node has left, with all that was on it. Operations are told first: some take their span elsewhere.
    /// </summary>
    public void NodeLeft(NodeId node, TimeSpan now)
    {
        Outbox.Forget(node);
        _removals.NodeLeft(node);
        foreach (Operation operation in _operations.ToArray())
        {
            if (operation.Slot >= 0) operation.NodeLeft(node, now);
        }

        if (!Spans.Nodes.TryGetValue(node, out NodeTasks? tasks)) return;
        for (int i = tasks.Tasks.Count - 1; i >= 0; i--) Spans.MakeAbsent(tasks.Tasks[i]);
        Spans.Nodes.Remove(node);
    }

    /// <summary>Says what is due.</summary>
    public void Send(TimeSpan now, Effects effects) => Outbox.Send(now, effects);

    public Owner NextOwner() => _numbering.NextOwner();

    public DispatcherId NextId() => _numbering.NextId();

    /// <summary>Where a span that is created again starts. All up to the committed checkpoint is durable.</summary>
    public CommitTs StartOf(SpanTask task)
    {
        Spans.Raise(task, _committed.Value);
        return task.Checkpoint;
    }

    public void Add(SpanTask task, NodeId node, TimeSpan now) => Begin(new AddOperation(this, task, node, now));

    /// <summary>Puts one span, which runs nowhere yet, in the place of all parts of a table. What runs of them is
    /// removed; the sink refuses it once the whole is claimed.</summary>
    public void MakeWhole(TableTasks table, TimeSpan now)
    {
        CommitTs checkpoint = table.Checkpoint;
        SpanTask[] parts = [.. table.Spans];
        End(parts, now);
        SpanTask whole = new(Mode, NextId(), TableSpan.Whole(table.Table), table.Schema, checkpoint);
        Spans.Replace(table, parts, [whole]);
    }

    public void Move(SpanTask task, NodeId to, TimeSpan now) => Begin(new MoveOperation(this, task, to, now));

    public void Begin(Operation operation)
    {
        _operations.Add(operation);
        operation.Task.Operation = operation;
        if (operation is CopyOperation copy) Spans.Waiting.Add(copy.Task);
        if (operation is CopyOperation or MergeOperation) _targets.Add(operation.Task.Id, operation.Task);
        if (operation is not MergeOperation merge) return;
        foreach (SpanTask source in merge.Sources) source.Operation = merge;
    }

    public void Ended(Operation operation)
    {
        _operations.Remove(operation);
        operation.Task.Operation = null;
        if (_targets.Remove(operation.Task.Id)) Settle(operation.Task);
        if (operation is not MergeOperation merge) return;
        foreach (SpanTask source in merge.Sources)
        {
            if (ReferenceEquals(source.Operation, merge)) source.Operation = null;
        }
    }

    /// <summary>What was made beside the schedule is in it, or will never be.</summary>
    void Settle(SpanTask target)
    {
        Spans.Waiting.Remove(target);
        if (Find(target.Id) is null) Held.Forget(target);
    }

    /// <summary>Takes every wanted change one step on.</summary>
    public void Tick(TimeSpan now)
    {
        foreach (TableId table in Unlisted.Refuted(Trigger.Checkpoint)) DropTable(table, now);
        Reshaping.Tick(now);
    }

    /// <summary>Removes what is on its way by a create that is not wanted any more.</summary>
    public void Discard(NodeId node, ScheduleItem create, TimeSpan now) =>
        Discard(node, create.Id, create.Owner, create.Span, create.Schema, now);

    /// <summary>Removes what a snapshot shows.</summary>
    public void Discard(NodeId node, SpanSnapshot shown, TimeSpan now) =>
        Discard(node, shown.Id, shown.Owner, shown.Span, shown.Schema, now);

    /// <summary>Removes an incarnation that is, or may be, on a node and does not belong there.</summary>
    public void Discard(NodeId node, SpanTask task, TimeSpan now) =>
        Discard(node, task.Id, task.Owner, task.Span, task.Schema, now);

    /// <exception cref="InvalidOperationException">The spans of a table do not cover it.</exception>
    public void Check()
    {
        foreach (TableTasks table in Spans.Tables.Values) table.Check();
    }

    /// <param name="isListed">The node lists what it has: one that has ended is there still, counts in its watermark,
    /// and goes when it is removed.</param>
    void Take(NodeId from, in SpanStatus status, bool isListed, ulong round, TimeSpan now)
    {
        if (_removals.Take(from, in status, isListed, round)) return;
        SpanTask? task = Find(status.Id) ?? _targets.GetValueOrDefault(status.Id);
        bool isOurs = task is not null && task.Node == from && task.Owner == status.Owner;
        if (!isOurs)
        {
            if (!IsAlive(status.State) && !(isListed && status.State == ComponentState.Stopped)) return;
            TableSpan span = task?.Span ?? TableSpan.Everything;
            Discard(from, status.Id, status.Owner, span, task?.Schema ?? "", now);
            return;
        }

        task!.SeenIn = round;
        Spans.Raise(task, status.Checkpoint);
        Held.Take(task, status.Held, now);
        if (task.Operation is { } operation) operation.On(task, in status, now);
        else if (status.State == ComponentState.Stopped)
        {
            // It ended by itself. Its node keeps it, so that its checkpoint still counts, until it is removed.
            Discard(from, task, now);
            Spans.MakeStopped(task);
        }
    }

    void Complete(NodeId from, ulong round, TimeSpan now)
    {
        _removals.Complete(from, round);
        if (!Spans.Nodes.TryGetValue(from, out NodeTasks? tasks)) return;
        for (int i = tasks.Tasks.Count - 1; i >= 0; i--)
        {
            SpanTask task = tasks.Tasks[i];
            if (task.SeenIn == round) continue;
            if (task.Operation is { } operation) operation.Missing(task, now);
            else Spans.MakeStopped(task);
        }
    }

    void Drop(Influence? dropped, TimeSpan now)
    {
        IEnumerable<TableId> tables = dropped switch
        {
            null => [],
            Influence.Normal normal => normal.Tables,
            Influence.Database database => Spans.TablesOf(database.Schema),
            Influence.All => [.. Spans.Tables.Keys],
            _ => throw new InvalidOperationException($"Not an influence: {dropped}."),
        };
        foreach (TableId table in tables) DropTable(table, now);
        if (dropped is null) return;
        Copies.Dropped(dropped, now);
        Parked.Dropped(dropped);
    }

    void Discard(NodeId node, DispatcherId id, Owner owner, TableSpan span, string schema, TimeSpan now) =>
        _removals.Begin(
            node,
            new(ScheduleAction.Remove, OperationKind.Remove, id, owner, span, schema, CommitTs.Zero, Copies: false),
            _round,
            now);

    void End(IEnumerable<SpanTask> tasks, TimeSpan now)
    {
        foreach (SpanTask task in tasks)
        {
            task.Operation?.Dropped(now);
            if (task.State != TaskState.Absent) Discard(task.Node, task, now);
        }
    }

    // A source of a merge, and what is on its way out, is somebody's already.
    static bool IsAlive(ComponentState state) =>
        state is not (ComponentState.Stopped or ComponentState.Stopping or ComponentState.WaitingMerge);
}
