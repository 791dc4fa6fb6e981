namespace Cdc.Protocol.Scheduling;

/// <summary>Tables that were taken over without being in the table list, because they seem to have been made behind
/// it.</summary>
/// <remarks>Whatever made one lies at or before the checkpoint that its spans had. The trigger reports it before it
/// gets there; if it gets there without, the table was dropped before the list, and its dispatchers are
/// leftovers.</remarks>
internal sealed class UnlistedTables
{
    readonly SortedDictionary<TableId, CommitTs> _tables = [];

    public void Add(TableId table, CommitTs madeBy) => _tables.Add(table, madeBy);

    public bool Contains(TableId table) => _tables.ContainsKey(table);

    /// <summary>It has been made, or is out of the schedule.</summary>
    public bool Confirm(TableId table) => _tables.Remove(table);

    /// <summary>Those that are known to be none, the trigger being at <paramref name="trigger"/>.</summary>
    public List<TableId> Refuted(CommitTs trigger)
    {
        List<TableId> refuted = [];
        if (_tables.Count == 0) return refuted;
        foreach ((TableId table, CommitTs madeBy) in _tables)
        {
            if (trigger >= madeBy) refuted.Add(table);
        }

        return refuted;
    }
}
