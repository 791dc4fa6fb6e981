using Cdc.Engine.Rows;

namespace Cdc.Postgres.Target;

/// <summary>Changes of one table that are written together, in commit order.</summary>
internal sealed class TableChanges(TargetTable table)
{
    readonly List<RowBatch> _batches = [];

    public TargetTable Table => table;
    public IReadOnlyList<RowBatch> Batches => _batches;
    public int Rows { get; private set; }

    /// <summary>Nothing but new rows.</summary>
    public bool IsInserts { get; private set; } = true;

    public void Add(RowBatch batch)
    {
        _batches.Add(batch);
        Rows += batch.Count;
        if (!IsInserts) return;
        foreach (Row row in batch)
        {
            if (row.Op == Op.Insert) continue;
            IsInserts = false;
            return;
        }
    }
}
