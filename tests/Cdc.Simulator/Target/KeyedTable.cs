using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>A table that holds one row for each key: what was applied to it last.</summary>
public sealed class KeyedTable(TableHistory history) : TargetTable(history)
{
    readonly SortedDictionary<uint, (CommitTs At, ulong Value)> _rows = [];

    /// <summary>The position that keys were at when TRUNCATE took their rows, or a copy replaced them.</summary>
    CommitTs _emptiedAt;

    public override void Apply(CommitTs at, RowChange change, int place, bool isChecked)
    {
        if (!isChecked) return; // Replaced by the copy that brings it back.
        CommitTs applied = Applied(change.Key);
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
        (CopiedAt, _emptiedAt, Shape) = (at, at, History.ShapeAt(at));
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
