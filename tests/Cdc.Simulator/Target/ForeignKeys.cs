using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>The target's foreign keys. Rows are not looked at as they come, as where sinks write as a replica; the
/// statements are.</summary>
sealed class ForeignKeys
{
    readonly List<ForeignKey> _keys = [];

    /// <summary>Adds one, and looks at the rows that are there.</summary>
    /// <exception cref="ViolationException">A row refers to none.</exception>
    public void Add(ForeignKey key, SortedDictionary<TableId, TargetTable> tables)
    {
        var parent = (KeyedTable)tables[key.Parent];
        foreach (uint child in ((KeyedTable)tables[key.Child]).Held)
        {
            if (!parent.Holds(child))
                throw new ViolationException("foreign key", $"{key} is added, and row {child:X8} refers to none");
        }

        _keys.Add(key);
    }

    /// <summary>Empties tables in one statement.</summary>
    /// <exception cref="ViolationException">Another one refers to one of them.</exception>
    public void Truncate(IReadOnlyList<TableId> truncated, SortedDictionary<TableId, TargetTable> tables)
    {
        foreach (ForeignKey key in _keys)
        {
            bool isAlone = truncated.Contains(key.Parent) && !truncated.Contains(key.Child);
            if (isAlone && tables.ContainsKey(key.Child) && tables.ContainsKey(key.Parent))
                throw new ViolationException("foreign key", $"{key.Parent} is emptied, and {key.Child} refers to it");
        }
    }
}
