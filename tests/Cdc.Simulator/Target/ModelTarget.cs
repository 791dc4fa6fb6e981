using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>A database with transactions, progress rows fenced by owner, and a record of executed block events. It checks
/// with every commit that its content is what the source had at that position.</summary>
/// <param name="source">What it is to be equal to.</param>
/// <param name="isParked">Tables that are out of the schedule: what they hold counts for nothing.</param>
/// <param name="follower">One that takes over what is copied here, as of there: a log of changes has no copies of its
/// own, and is read on top of them.</param>
public sealed class ModelTarget(ModelSource source, Func<TableId, bool> isParked, ModelTarget? follower = null)
{
    readonly Dictionary<TableId, CommitTs> _copied = [];
    readonly SortedDictionary<TableId, TargetTable> _tables = [];
    readonly List<ProgressRow> _progress = [];
    readonly HashSet<BlockEventId> _recorded = [];

    /// <summary>How many commits of owners that had lost their span were refused.</summary>
    public int Fenced { get; private set; }

    /// <summary>How many writes of a block event found it recorded.</summary>
    public int FoundRecorded { get; private set; }

    public bool IsRecorded(BlockEventId id) => _recorded.Contains(id);

    /// <summary>The last copy of a table that it took: what was done up to there need not be done again.</summary>
    public CommitTs CopiedAt(TableId table) => _copied.GetValueOrDefault(table);

    public int Recorded => _recorded.Count;

    public SortedDictionary<TableId, TargetTable> Tables => _tables;

    public void CreateTable(TableId table) => _tables.Add(table, new());

    /// <summary>Whether somebody else's open transaction holds a part of the span: a claim has to wait.</summary>
    public bool IsBusy(TableSpan span)
    {
        foreach (ProgressRow row in _progress)
        {
            if (row.Writers > 0 && row.Span.Overlaps(span)) return true;
        }

        return false;
    }

    /// <summary>Takes the span for an owner; what smaller owners hold of it can't be written by them any more.</summary>
    /// <returns>The position up to which everything of the span is there; null: a larger owner has a part of it.</returns>
    public CommitTs? Claim(TableSpan span, Owner owner)
    {
        foreach (ProgressRow row in _progress)
        {
            if (row.Span.Overlaps(span) && row.Owner > owner) return null;
        }

        CommitTs position = Position(span);
        ProgressRow? own = null;
        foreach (ProgressRow row in _progress)
        {
            if (!row.Span.Overlaps(span)) continue;
            if (row.Span == span) own = row;
            else row.IsClosed = true;
        }

        if (own is null) _progress.Add(own = new(span, owner, position));
        (own.Owner, own.IsClosed) = (owner, false);
        return position;
    }

    /// <summary>Opens a transaction on a span: its row is changed, so that a claim waits.</summary>
    /// <returns>Null: the owner has lost the span.</returns>
    public ProgressRow? Begin(TableSpan span, Owner owner)
    {
        foreach (ProgressRow row in _progress)
        {
            if (row.Span != span) continue;
            if (row.Owner != owner || row.IsClosed) break;
            row.Writers++;
            return row;
        }

        Fenced++;
        return null;
    }

    /// <summary>Commits the rows of whole steps of one span, in order.</summary>
    public void Commit(ProgressRow row, IReadOnlyList<WriteUnit> steps)
    {
        row.Writers--;
        foreach (WriteUnit step in steps)
        {
            foreach (RowChange change in step.Rows) Apply(step.At, change);
            if (step.At > row.Position) row.Position = step.At;
        }

        _progress.RemoveAll(r => r != row && r.Writers == 0 && Covers(row.Span, r.Span) && r.Position <= row.Position);
    }

    public void Rollback(ProgressRow row) => row.Writers--;

    /// <summary>Executes a block event in a transaction of its own, with its record.</summary>
    /// <returns>False: it is recorded already.</returns>
    public bool Execute(BlockStep block)
    {
        if (!_recorded.Add(block.Event))
        {
            FoundRecorded++;
            return false;
        }

        foreach (TableHistory table in source.Stopped(block)) CheckEqual(table, block);
        Ddl ddl = block.Ddl;
        foreach (TableId dropped in ddl.Dropped) _tables.Remove(dropped);
        foreach (TableId created in ddl.Created)
        {
            if (CopiedAt(created) < block.At) _tables[created] = new();
        }

        foreach (TableId reshaped in ddl.Reshaped)
        {
            if (Changing(reshaped, block) is { } table) table.Shape++;
        }

        foreach (TableId truncated in ddl.Truncated)
        {
            if (Changing(truncated, block) is not { } table) continue;
            table.Rows.Clear();
            table.TruncatedAt = block.At;
        }

        // Everything before it is durable in the tables that it changes, and it is itself.
        foreach (TableId changed in ddl.Changed)
        {
            TableSpan whole = TableSpan.Whole(changed);
            if (!_progress.Exists(r => r.Span.Overlaps(whole))) _progress.Add(new(whole, default, block.At));
            foreach (ProgressRow row in _progress)
            {
                if (row.Span.Overlaps(whole) && row.Position < block.At) row.Position = block.At;
            }
        }

        return true;
    }

    /// <summary>Empties a table and fills it with what the source holds at a position, in one transaction.</summary>
    /// <returns>False: the owner has lost it.</returns>
    public bool Copy(TableSpan span, Owner owner, CommitTs at)
    {
        if (follower?.IsBusy(span) == true || Begin(span, owner) is not { } row) return false;
        Fill(source.Tables[span.Table], at);
        row.Writers--;
        row.Position = at;
        _progress.RemoveAll(r => r != row && Covers(row.Span, r.Span));
        follower?.Follow(span.Table, at);
        return true;
    }

    void Follow(TableId table, CommitTs at)
    {
        Fill(source.Tables[table], at);
        TableSpan whole = TableSpan.Whole(table);
        _progress.RemoveAll(r => r.Span.Overlaps(whole));
        _progress.Add(new(whole, default, at));
    }

    void Fill(TableHistory history, CommitTs at)
    {
        TargetTable table = new() { Shape = history.ShapeAt(at), CopiedAt = at, TruncatedAt = at };
        foreach (uint key in history.Keys.Keys) table.Rows[key] = (at, history.ValueAt(key, at));
        _copied[history.Table] = at;
        _tables[history.Table] = table;
    }

    /// <summary>Everything of the source up to a position is there.</summary>
    public void CheckDurable(CommitTs at)
    {
        foreach (TableHistory table in source.Tables.Values)
        {
            if (isParked(table.Table) || table.Created > at) continue;
            foreach ((CommitTs ddlAt, BlockEventId id) in table.Ddl)
            {
                bool isCopied = CopiedAt(table.Table) >= ddlAt;
                Ensure(ddlAt > at || isCopied || _recorded.Contains(id), "no loss",
                    $"{id} is not executed at checkpoint {at}");
            }

            if (table.Dropped is { } dropped && dropped <= at) continue;
            if (!_tables.TryGetValue(table.Table, out TargetTable? there)) continue;
            foreach (uint key in table.Keys.Keys)
            {
                CommitTs last = table.ChangeBefore(key, new(at.Commit, at.Step + 1));
                CommitTs applied = Applied(there, key);
                Ensure(applied >= last, "no loss", $"key {key:X8} of table {table.Table} at {applied}, not {last}, "
                    + $"at checkpoint {at}");
            }
        }
    }

    /// <summary>A table that a DDL changes; null: its copy has that already.</summary>
    TargetTable? Changing(TableId table, BlockStep block) =>
        _tables.TryGetValue(table, out TargetTable? there) && there.CopiedAt < block.At ? there : null;

    /// <summary>The position of every key of a span: the largest of any row that holds it; of the span: the smallest.</summary>
    CommitTs Position(TableSpan span)
    {
        // Cut at every border, then the largest of each piece.
        var borders = new SortedSet<ulong> { span.From, span.To };
        foreach (ProgressRow row in _progress)
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
                CommitTs largest = KeyPosition(span.Table, (uint)start);
                if (smallest is null || largest < smallest) smallest = largest;
            }

            from = to;
        }

        return smallest ?? CommitTs.Zero;
    }

    CommitTs KeyPosition(TableId table, uint hash)
    {
        CommitTs largest = CommitTs.Zero;
        foreach (ProgressRow row in _progress)
        {
            if (row.Span.Table == table && row.Span.Contains(hash) && row.Position > largest) largest = row.Position;
        }

        return largest;
    }

    void Apply(CommitTs at, RowChange change)
    {
        if (at <= KeyPosition(change.Table, change.Key)) return; // Applied before; the sink skips per key.
        _tables.TryGetValue(change.Table, out TargetTable? table);
        (string Rule, string What)? broken = Broken(table, at, change);
        if (broken is { } found && !isParked(change.Table))
            Ensure(false, found.Rule, $"table {change.Table} at {at}: {found.What}");
        if (broken is null) table!.Rows[change.Key] = (at, change.Value);
        else if (table is not null) table.IsStale = true; // Replaced by the copy that brings it back.
    }

    /// <summary>What is wrong with applying a change; null: nothing.</summary>
    (string Rule, string What)? Broken(TargetTable? table, CommitTs at, RowChange change)
    {
        if (table is null) return ("INV-24", "rows, and it is not there");
        if (table.IsStale) return ("no loss", "rows, and it was not copied after it had lost some");
        if (table.Shape != change.Shape)
            return ("INV-24", $"rows have shape {change.Shape}, the table {table.Shape}");
        CommitTs applied = Applied(table, change.Key);
        if (applied >= at) return ("order per key", $"key {change.Key:X8} is at {applied}");
        CommitTs before = source.Tables[change.Table].ChangeBefore(change.Key, at);
        return applied >= before ? null : ("no loss", $"key {change.Key:X8} comes from {applied} without {before}");
    }

    static CommitTs Applied(TargetTable table, uint key) =>
        table.Rows.TryGetValue(key, out (CommitTs At, ulong Value) row)
            ? CommitTs.Max(row.At, table.TruncatedAt)
            : table.TruncatedAt;

    /// <summary>A table holds exactly what the source held directly before a block event that stops it.</summary>
    void CheckEqual(TableHistory table, BlockStep block)
    {
        if (isParked(table.Table)) return;
        if (_tables.TryGetValue(table.Table, out TargetTable? copied) && copied.CopiedAt >= block.At) return;
        string rule = block.Event.IsSyncPoint ? "INV-25" : "INV-24";
        Ensure(_tables.TryGetValue(table.Table, out TargetTable? there), rule,
            $"{block.Event} ({block.Ddl.Text}) needs table {table.Table}, which is not there");
        CommitTs before = block.At.Previous;
        foreach (uint key in table.Keys.Keys)
        {
            ulong want = table.ValueAt(key, before);
            ulong have = there!.Rows.TryGetValue(key, out (CommitTs At, ulong Value) row) ? row.Value : 0;
            Ensure(want == have, rule, $"{block.Event} ({block.Ddl.Text}) is executed while key {key:X8} of table "
                + $"{table.Table} is at {Applied(there, key)}, not {table.ChangeBefore(key, block.At)}");
        }
    }

    static bool Covers(TableSpan outer, TableSpan inner) =>
        outer.Table == inner.Table && outer.From <= inner.From && inner.To <= outer.To;

    static void Ensure(bool holds, string rule, string message)
    {
        if (!holds) throw new ViolationException(rule, message);
    }
}
