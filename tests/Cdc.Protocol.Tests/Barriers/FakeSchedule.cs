using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>As much of a schedule as a barrier needs. Changes of an event are carried out and noted.</summary>
internal sealed class FakeSchedule : IBarrierSchedule
{
    readonly Mode _mode;
    readonly SortedDictionary<DispatcherId, SpanTask> _tasks = [];
    readonly Dictionary<TableId, List<SpanTask>> _byTable = [];
    ulong _owners;

    public FakeSchedule(Mode mode)
    {
        _mode = mode;
        Trigger = new SpanTask(
            mode, DispatcherId.TriggerOf(mode), TableSpan.Whole(TableId.Trigger), "", CommitTs.Zero);
    }

    /// <summary>Another maintainer's, of the same trigger. Owners go on from where the former's ended.</summary>
    public FakeSchedule(FakeSchedule former) =>
        (_mode, _owners, Trigger) = (former._mode, former._owners, former.Trigger);

    public SpanTask Trigger { get; }

    /// <summary>What events have done, in order: <c>drop 5</c>, <c>add 6 at 10</c>, <c>5 to b</c>,
    /// <c>keep 5 whole</c>.</summary>
    public List<string> Changes { get; } = [];

    /// <summary>How often all spans were walked through.</summary>
    public int Walks { get; private set; }

    public IReadOnlyCollection<SpanTask> All
    {
        get
        {
            Walks++;
            return _tasks.Values;
        }
    }

    public IReadOnlyList<SpanTask> OfTable(TableId table) =>
        _byTable.TryGetValue(table, out List<SpanTask>? spans) ? spans : [];

    public IReadOnlyCollection<SpanTask> OfSchema(string schema) =>
        [.. _tasks.Values.Where(task => task.Schema == schema)];

    public SpanTask? Find(DispatcherId id) => id == Trigger.Id ? Trigger : _tasks.GetValueOrDefault(id);

    public void Raise(SpanTask task, CommitTs checkpoint) => task.Raise(checkpoint);

    public void Apply(BlockPayload payload, CommitTs at, TimeSpan now)
    {
        foreach (SpanTask task in Dropped(payload.Dropped))
        {
            Changes.Add($"drop {task.Span.Table}");
            Remove(task);
        }

        foreach (AddedTable added in payload.Added)
        {
            if (OfTable(added.Table).Count > 0) continue;
            Changes.Add($"add {added.Table} at {at.Commit}");
            Add(new SpanTask(_mode, new DispatcherId(new Epoch(1), (ulong)added.Table.Value),
                TableSpan.Whole(added.Table), added.Schema, at));
        }

        foreach (MovedTable moved in payload.Moved)
        {
            Changes.Add($"{moved.Table} to {moved.To}");
            foreach (SpanTask task in OfTable(moved.Table)) task.Schema = moved.To;
        }

        foreach (TableId table in payload.Unsplit) Changes.Add($"keep {table} whole");
    }

    public void Add(SpanTask task)
    {
        _tasks.Add(task.Id, task);
        if (!_byTable.TryGetValue(task.Span.Table, out List<SpanTask>? spans))
            _byTable.Add(task.Span.Table, spans = []);
        spans.Add(task);
        spans.Sort(static (left, right) => left.Span.From.CompareTo(right.Span.From));
    }

    public void Remove(SpanTask task)
    {
        _tasks.Remove(task.Id);
        List<SpanTask> spans = _byTable[task.Span.Table];
        spans.Remove(task);
        if (spans.Count == 0) _byTable.Remove(task.Span.Table);
    }

    /// <summary>It runs there, as a new incarnation.</summary>
    public void Run(SpanTask task, string node)
    {
        task.Owner = new Owner(1, ++_owners);
        task.Node = new NodeId(node);
        task.State = TaskState.Replicating;
    }

    IEnumerable<SpanTask> Dropped(Influence? dropped) => dropped switch
    {
        null => [],
        Influence.All => [.. _tasks.Values],
        Influence.Database database => OfSchema(database.Schema),
        Influence.Normal normal => [.. normal.Tables.SelectMany(OfTable)],
        _ => throw new InvalidOperationException(),
    };
}
