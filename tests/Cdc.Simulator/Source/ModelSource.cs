using System.Collections.Immutable;
using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>A source's log and its schema history: every committed step in order.</summary>
public sealed class ModelSource
{
    readonly List<ModelStep> _steps = [];
    readonly SortedDictionary<TableId, TableHistory> _tables = [];

    /// <summary>Every step, in order of position.</summary>
    public IReadOnlyList<ModelStep> Steps => _steps;

    /// <summary>All tables that ever were, by id.</summary>
    public SortedDictionary<TableId, TableHistory> Tables => _tables;

    /// <summary>Everything up to it is in the log.</summary>
    public CommitTs Resolved { get; private set; } = CommitTs.End(1);

    /// <summary>The position that the changefeed begins at: the tables are there, and have no rows.</summary>
    public CommitTs Origin { get; } = CommitTs.End(1);

    /// <summary>Called with each step, after it was added.</summary>
    public Action<ModelStep>? Committed { get; set; }

    public void AddTable(TableHistory table) => _tables.Add(table.Table, table);

    /// <summary>Commits a transaction.</summary>
    public void Commit(ulong commit, IReadOnlyList<ModelStep> steps)
    {
        foreach (ModelStep step in steps)
        {
            _steps.Add(step);
            if (step is RowsStep rows)
            {
                foreach (RowChange row in rows.Rows) _tables[row.Table].Add(rows.At, row);
            }
        }

        Resolved = CommitTs.End(commit);
        foreach (ModelStep step in steps) Committed?.Invoke(step);
    }

    /// <summary>The index of the first step behind a position.</summary>
    public int FirstBehind(CommitTs at)
    {
        int low = 0, high = _steps.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_steps[middle].At <= at) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    public BlockStep? FindBlock(BlockEventId id)
    {
        for (int i = FirstBehind(id.At.Previous); i < _steps.Count && _steps[i].At == id.At; i++)
        {
            if (_steps[i] is BlockStep block && block.Event == id) return block;
        }

        return null;
    }

    /// <summary>The tables of a moment, as the schema history tells a maintainer.</summary>
    public ImmutableArray<AddedTable> TablesAt(CommitTs at) =>
    [
        .. _tables.Values.Where(t => t.IsThereAt(at))
            .Select(t => new AddedTable(t.Table, t.SchemaAt(at), t.IsSplittableAt(at))),
    ];

    /// <summary>Which of these are dropped at a moment.</summary>
    public ImmutableArray<TableId> DroppedAt(CommitTs at, ImmutableArray<TableId> tables) =>
        [.. tables.Where(table => _tables[table].Dropped <= at)];

    /// <summary>The tables that a block event stops, the trigger left out.</summary>
    public IEnumerable<TableHistory> Stopped(BlockStep block)
    {
        CommitTs before = block.At.Previous;
        return block.Payload.Influence switch
        {
            Influence.All => _tables.Values.Where(t => t.IsThereAt(before)),
            Influence.Database db => _tables.Values.Where(t => t.IsThereAt(before) && t.SchemaAt(before) == db.Schema),
            Influence.Normal normal => normal.Tables.Where(t => t != TableId.Trigger && _tables.ContainsKey(t))
                .Select(t => _tables[t]).Where(t => t.IsThereAt(before)),
            _ => throw new InvalidOperationException(),
        };
    }
}
