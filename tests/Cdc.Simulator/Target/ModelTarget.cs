using Cdc.Protocol;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>What everybody writes to. It checks with every commit that its content is what the source had at that
/// position.</summary>
/// <param name="source">What it is to be equal to.</param>
/// <param name="kind">What it can do.</param>
/// <param name="isParked">Tables that are out of the schedule: what they hold counts for nothing.</param>
/// <param name="reached">Counts hard cases.</param>
/// <param name="follower">One that takes over what is copied here, as of there: a log of changes has no copies of its
/// own, and is read on top of them.</param>
public sealed class ModelTarget(
    ModelSource source, TargetKind kind, Func<TableId, bool> isParked, ReachedStates reached,
    ModelTarget? follower = null)
{
    readonly SortedDictionary<TableId, TargetTable> _tables = [];
    readonly HashSet<BlockEventId> _recorded = [];
    readonly ForeignKeys _foreignKeys = new();
    readonly EffectiveOwners _owners = new();

    /// <summary>How many commits of owners that had lost their span were refused.</summary>
    public int Fenced { get; private set; }

    /// <summary>How many writes of a block event found it recorded.</summary>
    public int FoundRecorded { get; private set; }

    public IProgress Progress { get; } = kind == TargetKind.BareLines ? new NoProgress() : new ProgressTable();

    public bool IsRecorded(BlockEventId id) => _recorded.Contains(id);

    /// <summary>Counts them; null: nobody does.</summary>
    public KeyChanges? KeyChanges { get; init; }

    public void CreateTable(TableId table)
    {
        TableHistory history = source.Tables[table];
        bool isAppended = kind != TargetKind.Database || !history.HasKey;
        _tables[table] = isAppended
            ? new AppendedTable(history, mayRepeat: kind == TargetKind.BareLines)
            : new KeyedTable(history);
    }

    /// <summary>Takes the span for an owner; what smaller owners hold of it can't be written by them any more.</summary>
    /// <param name="position">Up to where everything of the span is there; null: nobody has written that down.</param>
    /// <param name="node">Whose claim it is.</param>
    /// <returns>False: a larger owner has a part of it.</returns>
    public bool TryClaim(TableSpan span, Owner owner, SimNode node, out CommitTs? position)
    {
        if (!Progress.TryClaim(span, owner, out position)) return false;
        _owners.Claimed(span, owner, node);
        if (_tables.TryGetValue(span.Table, out TargetTable? table)) table.Claims++;
        return true;
    }

    /// <summary>An owner will not write any more.</summary>
    public void LetGo(Owner owner) => _owners.LetGo(owner);

    /// <summary>Opens a transaction on a span: its row is changed, so that a claim waits.</summary>
    /// <returns>Null: the owner has lost the span.</returns>
    public ProgressRow? Begin(TableSpan span, Owner owner)
    {
        ProgressRow? row = Progress.Begin(span, owner);
        if (row is null) Fenced++;
        return row;
    }

    /// <summary>Commits the rows of whole steps of one span, in order.</summary>
    public void Commit(ProgressRow row, IReadOnlyList<WriteUnit> steps)
    {
        foreach (WriteUnit step in steps)
        {
            if (!row.Span.IsWhole && source.Tables[row.Span.Table].WholeFrom < step.At)
                throw new ViolationException("INV-34",
                    $"rows at {step.At} of {row.Span}, a part of a table that is not to be split any more");
            for (int i = 0; i < step.Rows.Count; i++)
            {
                if (Apply(step, i)) KeyChanges?.Applied(row.Span, step.At, step.Rows[i]);
            }

            if (step.At > row.Position) row.Position = step.At;
            if (!isParked(row.Span.Table)) _tables.GetValueOrDefault(row.Span.Table)?.StepEnded(step.At);
        }

        Progress.Commit(row);
        CheckCommitted(row);
    }

    /// <summary>Nothing is written, where there are transactions; else lines up to any one of them may be.</summary>
    public void Rollback(ProgressRow row, IReadOnlyList<WriteUnit> steps, Rng rng)
    {
        Progress.Rollback(row);
        if (kind != TargetKind.BareLines) return;
        int lines = rng.Below(steps.Sum(static step => step.Rows.Count) + 1);
        if (lines > 0) reached.Reached(HardCase.TornWrite);
        foreach (WriteUnit step in steps)
        {
            for (int i = 0; i < step.Rows.Count && lines > 0; i++, lines--) Apply(step, i);
        }
    }

    /// <summary>Executes a block event in a transaction of its own, with its record.</summary>
    /// <param name="epoch">Which epoch was obeyed with that.</param>
    /// <returns>False: it is recorded already.</returns>
    public bool Execute(BlockStep block, Epoch epoch)
    {
        if (!_recorded.Add(block.Event))
        {
            FoundRecorded++;
            // Without a record its line is there once more; a reader leaves it out.
            return kind == TargetKind.BareLines;
        }

        foreach (TableHistory table in source.Stopped(block)) CheckEqual(table, block);
        foreach (TableId table in block.Payload.Unsplit) CheckWhole(table, block, epoch);
        Ddl ddl = block.Ddl;
        foreach (TableId dropped in ddl.Dropped)
        {
            if (kind != TargetKind.BareLines) _tables.Remove(dropped);
            else if (_tables.TryGetValue(dropped, out TargetTable? table)) table.IsDropped = true;
        }

        // What follows another target may come to it behind a copy.
        foreach (TableId created in ddl.Created)
            if (source.Tables[created].CopiedAt < block.At) CreateTable(created);
        foreach (TableId reshaped in ddl.Reshaped)
        {
            if (Changing(reshaped, block) is { } table) table.Shape++;
        }

        _foreignKeys.Truncate(ddl.Truncated, _tables);
        foreach (TableId truncated in ddl.Truncated) Changing(truncated, block)?.Truncate(block.At);
        foreach (TableId unique in ddl.Unique)
        {
            // A parked table has rows of different positions: its copy brings the constraint.
            if (!isParked(unique)) (Changing(unique, block) as KeyedTable)?.AddUnique(block.At);
        }

        if (ddl.ForeignKey is { } key) Add(key, block);

        // Everything before it is durable in the tables that it changes, and it is itself.
        foreach (TableId changed in ddl.Changed) Progress.Executed(changed, block.At);
        return true;
    }

    /// <summary>Empties a table and fills it with what the source holds at a position, in one transaction. One that is
    /// only appended to has a line that says so, then what the source holds; it counts from the last of these on.</summary>
    /// <returns>False: the owner has lost it.</returns>
    public bool Copy(TableSpan span, Owner owner, CommitTs at)
    {
        if (follower?.Progress.IsBusy(span) == true || Begin(span, owner) is not { } row) return false;
        TableHistory history = source.Tables[span.Table];
        history.CopiedAt = CommitTs.Max(history.CopiedAt, at);
        Fill(span.Table, at);
        Progress.Copied(row, at);
        follower?.Follow(span.Table, at);
        return true;
    }

    void Follow(TableId table, CommitTs at)
    {
        Fill(table, at);
        Progress.Followed(table, at);
        _owners.Forget(table);
    }

    void Fill(TableId table, CommitTs at)
    {
        if (!_tables.ContainsKey(table)) CreateTable(table);
        if (_tables[table] is AppendedTable) reached.Reached(HardCase.LinesCopied);
        _tables[table].Copy(at);
    }

    /// <summary>Everything of the source up to a position is there.</summary>
    public void CheckDurable(CommitTs at)
    {
        foreach (TableHistory table in source.Tables.Values)
        {
            if (isParked(table.Table) || table.Created > at) continue;
            foreach ((CommitTs ddlAt, BlockEventId id) in table.Ddl)
            {
                bool isCopied = table.CopiedAt >= ddlAt;
                Ensure(ddlAt > at || isCopied || _recorded.Contains(id), "no loss",
                    $"{id} is not executed at checkpoint {at}");
            }

            if (table.Dropped is { } dropped && dropped <= at) continue;
            if (!_tables.TryGetValue(table.Table, out TargetTable? there)) continue;
            there.Check(at, isExact: false, "no loss");
        }
    }

    void Add(ForeignKey key, BlockStep block)
    {
        if (kind != TargetKind.Database || isParked(key.Child) || isParked(key.Parent)) return;
        // One that was copied beyond it has the rows of then, and the other one has not yet.
        if (Changing(key.Child, block) is null || Changing(key.Parent, block) is null) return;
        reached.Reached(HardCase.ForeignKeyAdded);
        _foreignKeys.Add(key, _tables);
    }

    /// <returns>False: it is there already, or is not to be there.</returns>
    bool Apply(WriteUnit step, int index)
    {
        RowChange change = step.Rows[index];
        if (step.At <= Progress.Of(change.Table, change.Key)) return false; // Applied before; the sink skips per key.
        bool isChecked = !isParked(change.Table);
        _tables.TryGetValue(change.Table, out TargetTable? table);
        if (table is null)
        {
            if (isChecked) throw Wrong("are there, and the table is not");
            return false;
        }

        // All rows without a key have the same one.
        int place = table.History.HasKey ? 0 : index;
        if (table.Has(step.At, change, place))
        {
            reached.Reached(HardCase.LineRepeated);
        }
        else if (isChecked)
        {
            if (table.IsDropped) throw Wrong("come behind its end");
            if (table.Shape != change.Shape) throw Wrong($"have shape {change.Shape}, the table {table.Shape}");
        }

        table.Apply(step.At, change, place, isChecked);
        return isChecked;

        ViolationException Wrong(string what) => new("INV-24", $"rows of table {change.Table} at {step.At} {what}");
    }

    /// <summary>What is there of a span is what its progress says, key by key.</summary>
    void CheckCommitted(ProgressRow row)
    {
        TableId id = row.Span.Table;
        if (kind == TargetKind.BareLines || isParked(id)) return;
        if (!_tables.TryGetValue(id, out TargetTable? table)) return;
        foreach (uint key in table.History.Keys.Keys)
        {
            if (!row.Span.Contains(key)) continue;
            table.Check(key, Progress.Of(id, key), isExact: true, "prefix");
        }
    }

    /// <summary>A table that a DDL changes; null: its copy has that already.</summary>
    TargetTable? Changing(TableId table, BlockStep block) =>
        _tables.TryGetValue(table, out TargetTable? there) && there.CopiedAt < block.At ? there : null;

    /// <summary>A table holds exactly what the source held directly before a block event that stops it.</summary>
    void CheckEqual(TableHistory table, BlockStep block)
    {
        if (isParked(table.Table)) return;
        if (_tables.TryGetValue(table.Table, out TargetTable? copied) && copied.CopiedAt >= block.At) return;
        string rule = block.Event.IsSyncPoint ? "INV-25" : "INV-24";
        Ensure(_tables.TryGetValue(table.Table, out TargetTable? there), rule,
            $"{block.Event} ({block.Ddl.Text}) needs table {table.Table}, which is not there");
        there!.Check(block.At.Previous, isExact: true, rule, block);
    }

    /// <summary>A table that an event needs in one span has one owner while it is executed.</summary>
    void CheckWhole(TableId table, BlockStep block, Epoch epoch)
    {
        if (isParked(table) || source.Tables[table].CopiedAt >= block.At) return;
        Ensure(_owners.IsOne(table, epoch), "INV-34",
            $"{block.Event} ({block.Ddl.Text}) is executed while table {table} is of {_owners.Of(table)}");
    }

    static void Ensure(bool holds, string rule, string message)
    {
        if (!holds) throw new ViolationException(rule, message);
    }
}
