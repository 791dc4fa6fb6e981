using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>A table that is only appended to: each change is a line. What is there of a key is always a beginning of
/// what the source did to it, so that a number says which lines they are.</summary>
/// <param name="mayRepeat">Whether lines may come again once something has gone wrong, as where neither a transaction
/// nor a record tells what is there. A reader leaves out what it has read.</param>
public sealed class AppendedTable(TableHistory history, bool mayRepeat) : TargetTable(history)
{
    readonly Dictionary<uint, int> _there = [];

    public override bool Has(CommitTs at, RowChange change, int place) =>
        History.IndexOf(change.Key, at) + place < _there.GetValueOrDefault(change.Key);

    public override void Apply(CommitTs at, RowChange change, int place, bool isChecked)
    {
        int index = History.IndexOf(change.Key, at) + place;
        int there = _there.GetValueOrDefault(change.Key);
        if (index < there)
        {
            // The first writer has nothing to repeat.
            if (!mayRepeat || Claims <= 1) throw Broken("each line once", change.Key, $"{at} is there already");
            return;
        }

        var wanted = History.Keys[change.Key][index];
        if (wanted != (at, change.Value)) throw Broken("INV-24", change.Key, $"{change} is not {wanted}");
        if (index > there && isChecked)
            throw Broken("no line missing", change.Key, $"{at} is line {index}, and {there} are there");
        _there[change.Key] = index + 1;
    }

    /// <summary>The statement has its own line, behind all that it takes.</summary>
    public override void Truncate(CommitTs at) { }

    /// <summary>A reader takes the furthest copy, and the lines behind its position, wherever they lie. A copy that
    /// comes late changes nothing.</summary>
    public override void Copy(CommitTs at)
    {
        if (at <= CopiedAt) return;
        (CopiedAt, Shape) = (at, History.ShapeAt(at));
        foreach (uint key in History.Keys.Keys)
            _there[key] = Math.Max(_there.GetValueOrDefault(key), History.CountUpTo(key, at));
    }

    public override void Check(uint key, CommitTs upTo, bool isExact, string rule, BlockStep? block = null)
    {
        int want = History.CountUpTo(key, upTo);
        int have = _there.GetValueOrDefault(key);
        bool isThere = isExact ? have == want : have >= want;
        if (!isThere) throw Broken(rule, key, $"{have} lines are there of {want} up to {upTo}", block);
    }
}
