using Cdc.Protocol;

namespace Cdc.Simulator.Target;

/// <summary>Progress rows in the target's own transactions, fenced by owner.</summary>
public sealed class ProgressTable : IProgress
{
    readonly List<ProgressRow> _rows = [];

    public bool IsBusy(TableSpan span)
    {
        foreach (ProgressRow row in _rows)
        {
            if (row.Writers > 0 && row.Span.Overlaps(span)) return true;
        }

        return false;
    }

    public bool TryClaim(TableSpan span, Owner owner, out CommitTs? position)
    {
        position = null;
        foreach (ProgressRow row in _rows)
        {
            if (row.Span.Overlaps(span) && row.Owner > owner) return false;
        }

        CommitTs smallest = Smallest(span);
        ProgressRow? own = null;
        foreach (ProgressRow row in _rows)
        {
            if (!row.Span.Overlaps(span)) continue;
            if (row.Span == span) own = row;
            else row.IsClosed = true;
        }

        if (own is null) _rows.Add(own = new(span, owner, smallest));
        (own.Owner, own.IsClosed) = (owner, false);
        position = smallest;
        return true;
    }

    public ProgressRow? Begin(TableSpan span, Owner owner)
    {
        foreach (ProgressRow row in _rows)
        {
            if (row.Span != span) continue;
            if (row.Owner != owner || row.IsClosed) break;
            row.Writers++;
            return row;
        }

        return null;
    }

    public void Commit(ProgressRow row)
    {
        row.Writers--;
        _rows.RemoveAll(r => r != row && r.Writers == 0 && Covers(row.Span, r.Span) && r.Position <= row.Position);
    }

    public void Rollback(ProgressRow row) => row.Writers--;

    public void Copied(ProgressRow row, CommitTs at)
    {
        row.Writers--;
        row.Position = at;
        _rows.RemoveAll(r => r != row && Covers(row.Span, r.Span));
    }

    public void Followed(TableId table, CommitTs at)
    {
        TableSpan whole = TableSpan.Whole(table);
        _rows.RemoveAll(r => r.Span.Overlaps(whole));
        _rows.Add(new(whole, default, at));
    }

    public void Executed(TableId table, CommitTs at)
    {
        TableSpan whole = TableSpan.Whole(table);
        if (!_rows.Exists(r => r.Span.Overlaps(whole))) _rows.Add(new(whole, default, at));
        foreach (ProgressRow row in _rows)
        {
            if (row.Span.Overlaps(whole) && row.Position < at) row.Position = at;
        }
    }

    /// <summary>The largest position of any row that holds the key.</summary>
    public CommitTs Of(TableId table, uint hash)
    {
        CommitTs largest = CommitTs.Zero;
        foreach (ProgressRow row in _rows)
        {
            if (row.Span.Table == table && row.Span.Contains(hash) && row.Position > largest) largest = row.Position;
        }

        return largest;
    }

    /// <summary>The smallest position of the keys of a span.</summary>
    CommitTs Smallest(TableSpan span)
    {
        // Cut at every border, then the largest of each piece.
        var borders = new SortedSet<ulong> { span.From, span.To };
        foreach (ProgressRow row in _rows)
        {
            if (!row.Span.Overlaps(span)) continue;
            if (row.Span.From > span.From) borders.Add(row.Span.From);
            if (row.Span.To < span.To) borders.Add(row.Span.To);
        }

        CommitTs? smallest = null;
        ulong? from = null;
        foreach (ulong to in borders)
        {
            if (from is { } start)
            {
                CommitTs largest = Of(span.Table, (uint)start);
                if (smallest is null || largest < smallest) smallest = largest;
            }

            from = to;
        }

        return smallest ?? CommitTs.Zero;
    }

    static bool Covers(TableSpan outer, TableSpan inner) =>
        outer.Table == inner.Table && outer.From <= inner.From && inner.To <= outer.To;
}
