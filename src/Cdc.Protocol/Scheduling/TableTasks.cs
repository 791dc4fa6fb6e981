namespace Cdc.Protocol.Scheduling;

/// <summary>One table in the schedule.</summary>
/// <param name="table">Which.</param>
/// <param name="schema">Its schema now.</param>
/// <param name="isSplittable">Whether it may be in several spans.</param>
internal sealed class TableTasks(TableId table, string schema, bool isSplittable)
{
    public TableId Table { get; } = table;
    public string Schema { get; set; } = schema;
    public bool IsSplittable { get; set; } = isSplittable;

    /// <summary>Where its spans began to replicate, as far as is known here. What the source did to the table up to
    /// there may have been in an earlier maintainer's schedule, and is in this one when the trigger is there.</summary>
    public CommitTs BegunAt { get; set; }

    /// <summary>In the order of their intervals; together always the whole interval.</summary>
    public List<SpanTask> Spans { get; } = new(1);

    /// <summary>Up to where all of it is durable.</summary>
    public CommitTs Checkpoint
    {
        get
        {
            CommitTs least = Spans[0].Checkpoint;
            foreach (SpanTask task in Spans) least = CommitTs.Min(least, task.Checkpoint);
            return least;
        }
    }

    /// <exception cref="InvalidOperationException">There is a hole or an overlap.</exception>
    public void Check()
    {
        ulong next = 0;
        foreach (SpanTask task in Spans)
        {
            if (task.Span.From != next) throw new InvalidOperationException($"Table {Table} has a gap at {next:X8}.");
            next = task.Span.To;
        }

        if (next != TableSpan.HashEnd) throw new InvalidOperationException($"Table {Table} ends at {next:X8}.");
    }
}

/// <summary>What is on one node.</summary>
internal sealed class NodeTasks
{
    public SlotList<SpanTask> Tasks { get; } = new(static task => ref task.NodeSlot);

    /// <summary>How many of them are replicating.</summary>
    public int Replicating { get; set; }

    public int Scheduling => Tasks.Count - Replicating;
}
