using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>A table that holds one row for each key: what was applied to it last.</summary>
public sealed class KeyedTable(TableHistory history) : TargetTable(history)
{
    readonly SortedDictionary<uint, (CommitTs At, ulong Value)> _rows = [];

    /// <summary>The position that keys were at when TRUNCATE took their rows, or a copy replaced them.</summary>
    CommitTs _emptiedAt;

    bool _isUnique;

    /// <summary>Whether it has a row with this key.</summary>
    public bool Holds(uint key) => _rows.TryGetValue(key, out (CommitTs At, ulong Value) row) && row.Value != 0;

    /// <summary>The keys of its rows.</summary>
    public IEnumerable<uint> Held => _rows.Where(static r => r.Value.Value != 0).Select(static r => r.Key);

    /// <summary>Makes a column unique, and looks at the rows that are there.</summary>
    public void AddUnique(CommitTs at)
    {
        _isUnique = true;
        StepEnded(at);
    }

    public override void StepEnded(CommitTs at)
    {
        if (!_isUnique) return;
        Span<bool> taken = stackalloc bool[256];
        foreach ((uint key, (CommitTs _, ulong value)) in _rows)
        {
            if (value == 0) continue;
            ref bool isTaken = ref taken[RowChange.UniqueOf(value)];
            if (isTaken) throw Broken("unique", key, $"has a unique value that another row still has, at {at}");
            isTaken = true;
        }
    }

    public override void Apply(CommitTs at, RowChange change, int place, bool isChecked)
    {
        CommitTs applied = Applied(change.Key);
        if (!isChecked)
        {
            // Replaced by the copy that brings it back; a pipeline that follows that copy is at work behind it before
            // it is stored that the table is back.
            if (applied < at) _rows[change.Key] = (at, change.Value);
            return;
        }

        CommitTs before = History.ChangeBefore(change.Key, at);
        if (applied >= at) throw Broken("order per key", change.Key, $"is at {applied}, then {at}");
        if (applied < before) throw Broken("no loss", change.Key, $"goes from {applied} to {at} without {before}");
        _rows[change.Key] = (at, change.Value);
    }

    public override void Truncate(CommitTs at)
    {
        _rows.Clear();
        _emptiedAt = at;
    }

    public override void Copy(CommitTs at)
    {
        _rows.Clear();
        (CopiedAt, _emptiedAt, Shape, _isUnique) = (at, at, History.ShapeAt(at), History.IsUniqueAt(at));
        foreach (uint key in History.Keys.Keys) _rows[key] = (at, History.ValueAt(key, at));
    }

    public override void Check(uint key, CommitTs upTo, bool isExact, string rule, BlockStep? block = null)
    {
        CommitTs applied = Applied(key);
        CommitTs last = History.ChangeBefore(key, new(upTo.Commit, upTo.Step + 1));
        bool isThere = applied >= last;
        if (isExact)
        {
            ulong have = _rows.TryGetValue(key, out (CommitTs At, ulong Value) row) ? row.Value : 0;
            isThere = have == History.ValueAt(key, upTo);
        }

        if (!isThere) throw Broken(rule, key, $"is at {applied}, not {last}, at {upTo}", block);
    }

    CommitTs Applied(uint key) =>
        _rows.TryGetValue(key, out (CommitTs At, ulong Value) row) ? CommitTs.Max(row.At, _emptiedAt) : _emptiedAt;
}
