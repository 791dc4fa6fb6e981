namespace Cdc.Protocol.Scheduling;

/// <summary>The tables that are kept out of the schedule, as the schedule would have them now: a copy brings one in as
/// that.</summary>
internal sealed class ParkedTables
{
    readonly SortedDictionary<TableId, AddedTable?> _tables = [];

    /// <summary>Those that are dropped, or that nobody has named yet.</summary>
    public IEnumerable<TableId> Unknown =>
        _tables.Where(static parked => parked.Value is null).Select(static parked => parked.Key);

    public bool Contains(TableId table) => _tables.ContainsKey(table);

    /// <summary>What is known of one; null: it is not parked, or it is dropped, or nobody has named it yet.</summary>
    public AddedTable? Find(TableId table) => _tables.GetValueOrDefault(table);

    /// <param name="table">Which.</param>
    /// <param name="known">As it was in the schedule; null: it was not.</param>
    public void Add(TableId table, AddedTable? known) => _tables[table] = known ?? Find(table);

    public bool Remove(TableId table) => _tables.Remove(table);

    /// <summary>The table list, or the event that made it, names one.</summary>
    public void Learn(in AddedTable table)
    {
        if (Contains(table.Table)) _tables[table.Table] = table;
    }

    public void Moved(in MovedTable change)
    {
        if (Find(change.Table) is { } known) _tables[change.Table] = known with { Schema = change.To };
    }

    public void Unsplit(TableId table)
    {
        if (Find(table) is { } known) _tables[table] = known with { IsSplittable = false };
    }

    /// <summary>A block event has dropped these. They stay parked until the changefeed has forgotten
    /// them: for a later maintainer they may not be dropped yet.</summary>
    public void Dropped(Influence influence)
    {
        foreach ((TableId table, AddedTable? known) in _tables.ToArray())
            if (known is { } there && influence.Means(table, there.Schema)) _tables[table] = null;
    }
}
