using System.Collections;

namespace Cdc.Protocol.Scheduling;

/// <summary>The spans of one mode, found by table, schema, node and id, and what is calculated from their
/// states. Every change of a state goes through here.</summary>
internal sealed class SpanIndex
{
    readonly Dictionary<DispatcherId, SpanTask> _byId = [];
    readonly SortedDictionary<TableId, TableTasks> _tables = [];
    readonly Dictionary<string, SortedSet<TableId>> _schemas = new(StringComparer.Ordinal);
    readonly SortedDictionary<NodeId, NodeTasks> _nodes = [];
    readonly CheckpointHeap _waiting = new();
    int _count;

    public SpanIndex(SpanTask trigger)
    {
        Trigger = trigger;
        _byId.Add(trigger.Id, trigger);
        Absent.Add(trigger);
        _waiting.Add(trigger);
    }

    public SpanTask Trigger { get; }

    /// <summary>Those that run nowhere.</summary>
    public SlotList<SpanTask> Absent { get; } = new(static task => ref task.AbsentSlot);

    /// <summary>The checkpoints of those that are absent or being scheduled.</summary>
    public CheckpointHeap Waiting => _waiting;

    /// <summary>The nodes that have spans, or had some.</summary>
    public SortedDictionary<NodeId, NodeTasks> Nodes => _nodes;

    public SortedDictionary<TableId, TableTasks> Tables => _tables;

    public IReadOnlyCollection<SpanTask> All => new AllTasks(this);

    public SpanTask? Find(DispatcherId id) => _byId.GetValueOrDefault(id);

    public TableTasks? Table(TableId table) => _tables.GetValueOrDefault(table);

    /// <summary>The tables of a schema, in order, as they are now.</summary>
    public TableId[] TablesOf(string schema) => _schemas.TryGetValue(schema, out var tables) ? [.. tables] : [];

    /// <summary>Makes a table known, in these spans, which cover it and run nowhere yet.</summary>
    public TableTasks Add(TableId table, string schema, bool isSplittable, ReadOnlySpan<SpanTask> spans)
    {
        TableTasks tasks = new(table, schema, isSplittable);
        foreach (SpanTask task in spans) tasks.Spans.Add(task);
        tasks.Check();
        _tables.Add(table, tasks);
        if (!_schemas.TryGetValue(schema, out var tables)) _schemas.Add(schema, tables = []);
        tables.Add(table);
        foreach (SpanTask task in spans) Enter(task);
        return tasks;
    }

    /// <summary>Forgets a table and its spans.</summary>
    public void Remove(TableTasks table)
    {
        foreach (SpanTask task in table.Spans)
        {
            Leave(task);
            (task.State, task.Node) = (TaskState.Absent, default);
        }

        _tables.Remove(table.Table);
        Unlist(table);
    }

    /// <summary>Puts some spans of a table in the place of others that cover the same.</summary>
    public void Replace(TableTasks table, ReadOnlySpan<SpanTask> old, ReadOnlySpan<SpanTask> with)
    {
        foreach (SpanTask task in old)
        {
            Leave(task);
            (task.State, task.Node) = (TaskState.Absent, default);
            table.Spans.Remove(task);
        }

        foreach (SpanTask task in with)
        {
            // The table may have changed its schema while the operation that makes this span went on.
            task.Schema = table.Schema;
            Enter(task);
            table.Spans.Add(task);
            if (task.IsReplicating) Began(table, task);
        }

        table.Spans.Sort(static (left, right) => left.Span.From.CompareTo(right.Span.From));
        table.Check();
    }

    public void ChangeSchema(TableTasks table, string schema)
    {
        Unlist(table);
        table.Schema = schema;
        foreach (SpanTask task in table.Spans) task.Schema = schema;
        if (!_schemas.TryGetValue(schema, out var tables)) _schemas.Add(schema, tables = []);
        tables.Add(table.Table);
    }

    public void Raise(SpanTask task, CommitTs checkpoint)
    {
        if (task.Raise(checkpoint)) _waiting.Raised(task);
    }

    /// <summary>Its node has left; the incarnation may be running there still.</summary>
    public void MakeAbsent(SpanTask task) => Move(task, TaskState.Absent, default, task.Owner);

    /// <summary>Its incarnation has ended, or was told to: nothing that shows it running is believed any
    /// more.</summary>
    public void MakeStopped(SpanTask task) => Move(task, TaskState.Absent, default, default);

    public void MakeScheduling(SpanTask task, NodeId node, Owner owner) =>
        Move(task, TaskState.Scheduling, node, owner);

    public void MakeReplicating(SpanTask task)
    {
        Move(task, TaskState.Replicating, task.Node, task.Owner);
        if (Table(task.Span.Table) is { } table) Began(table, task);
    }

    /// <summary>How many spans a node has; a span that is on its way to it counts.</summary>
    public NodeTasks On(NodeId node)
    {
        if (!_nodes.TryGetValue(node, out NodeTasks? tasks)) _nodes.Add(node, tasks = new());
        return tasks;
    }

    static void Began(TableTasks table, SpanTask task) =>
        table.BegunAt = CommitTs.Max(table.BegunAt, task.Checkpoint);

    void Move(SpanTask task, TaskState state, NodeId node, Owner owner)
    {
        Leave(task);
        (task.State, task.Node, task.Owner) = (state, node, owner);
        Enter(task);
    }

    void Enter(SpanTask task)
    {
        if (task.Id != Trigger.Id) _count++;
        _byId.Add(task.Id, task);
        if (task.State == TaskState.Absent) Absent.Add(task);
        else On(task.Node).Tasks.Add(task);
        if (task.State == TaskState.Replicating) On(task.Node).Replicating++;
        else _waiting.Add(task);
    }

    void Leave(SpanTask task)
    {
        if (task.Id != Trigger.Id) _count--;
        _byId.Remove(task.Id);
        _waiting.Remove(task);
        if (Absent.Remove(task)) return;
        On(task.Node).Tasks.Remove(task);
        if (task.State == TaskState.Replicating) On(task.Node).Replicating--;
    }

    void Unlist(TableTasks table)
    {
        SortedSet<TableId> tables = _schemas[table.Schema];
        tables.Remove(table.Table);
        if (tables.Count == 0) _schemas.Remove(table.Schema);
    }

    /// <summary>By table, and within it by interval.</summary>
    sealed class AllTasks(SpanIndex index) : IReadOnlyCollection<SpanTask>
    {
        public int Count => index._count;

        public IEnumerator<SpanTask> GetEnumerator()
        {
            foreach (TableTasks table in index._tables.Values)
            {
                foreach (SpanTask task in table.Spans) yield return task;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
