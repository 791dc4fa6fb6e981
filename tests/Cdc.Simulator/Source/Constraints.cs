using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>The source's unique columns and foreign keys: what the application does keeps them, so that a target that
/// breaks one has done something in another order.</summary>
/// <param name="open">The steps of the transaction that is being made.</param>
sealed class Constraints(ModelSource source, Rng rng, WorkloadOptions options, IReadOnlyList<ModelStep> open)
{
    readonly List<ForeignKey> _foreignKeys = [];

    /// <summary>The tables that refer to a table.</summary>
    public IEnumerable<TableHistory> Referring(TableHistory parent)
    {
        foreach (ForeignKey one in _foreignKeys)
        {
            if (one.Parent == parent.Table && source.Tables[one.Child].Dropped is null)
                yield return source.Tables[one.Child];
        }
    }

    /// <summary>Adds a foreign key if the rows of now allow it: a row of the child is there only beside one of the
    /// parent with the same key.</summary>
    public bool TryAdd(ForeignKey key)
    {
        if (key.Child == key.Parent || _foreignKeys.Contains(key)) return false;
        SortedDictionary<uint, ulong> parent = RowsOf(source.Tables[key.Parent], []);
        foreach (uint child in RowsOf(source.Tables[key.Child], []).Keys)
        {
            if (!parent.ContainsKey(child)) return false;
        }

        _foreignKeys.Add(key);
        return true;
    }

    /// <summary>What the application does in place of one change, so that every constraint holds: a row may have to
    /// leave its unique value to another one, in the same step.</summary>
    /// <param name="rows">The step so far.</param>
    public IEnumerable<RowChange> Fit(RowChange change, List<RowChange> rows)
    {
        TableHistory table = source.Tables[change.Table];
        if (change.Value == 0) return IsReferred(table, change.Key, rows) ? [] : [change];
        foreach (ForeignKey one in _foreignKeys)
        {
            if (one.Child != table.Table || source.Tables[one.Parent].Dropped is not null) continue;
            if (!RowsOf(source.Tables[one.Parent], rows).ContainsKey(change.Key)) return [];
        }

        byte unique = (byte)rng.Between(1, options.Keys + 1);
        SortedDictionary<uint, ulong> there = RowsOf(table, rows);
        RowChange given = change with { Value = RowChange.WithUnique(change.Value, unique) };
        foreach ((uint holder, ulong value) in there)
        {
            if (holder == change.Key || RowChange.UniqueOf(value) != unique) continue;
            return Leaves(holder) is { } leaving ? [leaving, given] : [];
        }

        return [given];

        // It takes what the other one had, or goes.
        RowChange? Leaves(uint holder)
        {
            if (rows.Exists(r => r.Table == change.Table && r.Key == holder)) return null;
            if (there.TryGetValue(change.Key, out ulong former))
            {
                byte other = RowChange.UniqueOf(former);
                return change with { Key = holder, Value = RowChange.WithUnique(change.Value, other) };
            }

            return IsReferred(table, holder, rows) ? null : change with { Key = holder, Value = 0 };
        }
    }

    bool IsReferred(TableHistory parent, uint key, List<RowChange> rows)
    {
        foreach (TableHistory child in Referring(parent))
        {
            if (RowsOf(child, rows).ContainsKey(key)) return true;
        }

        return false;
    }

    /// <summary>What the table holds now: by its history, and by the transaction that is being made.</summary>
    SortedDictionary<uint, ulong> RowsOf(TableHistory table, List<RowChange> rows)
    {
        SortedDictionary<uint, ulong> there = [];
        foreach (uint key in table.Keys.Keys) Set(key, table.ValueAt(key, CommitTs.End(ulong.MaxValue)));
        foreach (ModelStep step in open)
        {
            if (step is BlockStep { Ddl: var ddl } && ddl.Truncated.Contains(table.Table)) there.Clear();
            if (step is RowsStep made) Take(made.Rows);
        }

        Take(rows);
        return there;

        void Take(IReadOnlyList<RowChange> made)
        {
            foreach (RowChange row in made)
            {
                if (row.Table == table.Table) Set(row.Key, row.Value);
            }
        }

        void Set(uint key, ulong value)
        {
            if (value == 0) there.Remove(key);
            else there[key] = value;
        }
    }
}

/// <summary>A row of the child is there only beside one of the parent with the same key.</summary>
public readonly record struct ForeignKey(TableId Child, TableId Parent);
