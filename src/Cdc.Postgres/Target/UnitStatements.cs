using Cdc.Engine.Rows;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>How a unit is to be written.</summary>
internal sealed class UnitPlan
{
    readonly HashSet<TargetTable> _oneByOne = [];

    /// <summary>Rows of all tables in the source's order.</summary>
    public bool IsAllOneByOne { get; set; }

    /// <summary>Where the server said which column it was.</summary>
    public string? Column { get; set; }

    public bool IsOneByOne(TargetTable table) => IsAllOneByOne || _oneByOne.Contains(table);

    public void OneByOne(TargetTable table) => _oneByOne.Add(table);
}

/// <summary>Sends a unit's rows as few statements as they allow, and says what each must come to.</summary>
/// <remarks>One thread.</remarks>
internal sealed class UnitStatements(TargetTables tables, Expectations expectations, bool keeps)
{
    // Up to here a statement per row is quicker than a staging table.
    const int StagedRows = 12;

    readonly KeyedChanges _folded = new();
    readonly RowStatements _rows = new();
    readonly HashSet<TargetTable> _staged = [];
    readonly List<TableChanges> _changes = [];
    StagedChanges? _stages;

    /// <summary>A transaction has ended: stages are empty.</summary>
    public void Ended() => _staged.Clear();

    /// <summary>Looks at the tables that rows are for, or makes them: before anything is sent.</summary>
    public void Prepare(TargetSession session, ChangeUnit unit)
    {
        foreach (RowBatch batch in unit.Batches)
        {
            if (batch.Schema.Id != TableId.Trigger) tables.Get(session, batch.Schema, batch.FirstTs);
        }
    }

    /// <summary>Sends everything, and waits for no answer beyond what the pipeline's bound asks for.</summary>
    /// <returns>Whether it was nothing but new rows.</returns>
    public bool Send(TargetSession session, ChangeUnit unit, UnitPlan plan)
    {
        Group(session, unit, isByTable: session.IsReplica && !plan.IsAllOneByOne);
        bool isInserts = true;
        foreach (TableChanges changes in _changes)
        {
            isInserts &= changes.IsInserts && !keeps;
            if (plan.IsOneByOne(changes.Table)) OneByOne(session, changes);
            else if (changes.IsInserts && !keeps) Inserts(session.Pipeline, changes);
            else Changes(session, changes);
        }
        _changes.Clear();
        return isInserts;
    }

    // Where foreign keys are checked, the source's order is the one that they are met in.
    void Group(TargetSession session, ChangeUnit unit, bool isByTable)
    {
        Dictionary<TargetTable, TableChanges> known = [];
        TableChanges? last = null;
        foreach (RowBatch batch in unit.Batches)
        {
            if (batch.Schema.Id == TableId.Trigger) continue;
            TargetTable table = tables.Get(session, batch.Schema, batch.FirstTs);
            TableChanges? changes = last?.Table == table ? last : isByTable ? known.GetValueOrDefault(table) : null;
            if (changes is null)
            {
                _changes.Add(changes = new(table));
                known[table] = changes;
            }
            changes.Add(batch);
            last = changes;
        }
    }

    void Inserts(PgPipeline pipeline, TableChanges changes)
    {
        TargetTable table = changes.Table;
        pipeline.StartCopy(table.CopyInto);
        foreach (RowBatch batch in changes.Batches)
        {
            foreach (Row row in batch) CopyText.Line(pipeline, table, row.New);
        }
        pipeline.EndCopy();
        expectations.Add(changes.Rows, table, changes.Batches[^1].LastTs);
    }

    void Changes(TargetSession session, TableChanges changes)
    {
        TargetTable table = changes.Table;
        if (changes.Rows <= StagedRows || !table.CanCollapse || !_folded.TryFold(changes))
        {
            OneByOne(session, changes);
            return;
        }
        _stages ??= new(_folded, session.IsReplica);
        CommitTs at = changes.Batches[^1].LastTs;
        _stages.Write(session.Pipeline, table, !_staged.Add(table), keeps, rows => expectations.Add(rows, table, at));
    }

    void OneByOne(TargetSession session, TableChanges changes)
    {
        TargetTable table = changes.Table;
        foreach (RowBatch batch in changes.Batches)
        {
            foreach (Row row in batch)
            {
                if (row.Op == Op.Update && RowStatements.MayRenumber(table, row))
                {
                    session.Pipeline.Query(_rows.Renumber(table, row, session.IsReplica));
                    expectations.Add(session.IsReplica ? -1 : 0, table, row.Stamp.Ts, isOneRow: true);
                }
                One(session.Pipeline, table, row);
            }
        }
    }

    void One(PgPipeline pipeline, TargetTable table, Row row)
    {
        CommitTs at = row.Stamp.Ts;
        bool moves = row.Flags.HasFlag(RowFlags.KeyChanged);
        bool isWhole = !row.Flags.HasFlag(RowFlags.HasUnchanged);
        switch (row.Op)
        {
            case Op.Delete:
                pipeline.Query(_rows.Delete(table, row));
                expectations.Add(keeps ? -1 : 1, table, at, isOneRow: true);
                break;
            case Op.Update when keeps && isWhole && !table.Schema.Key.IsEmpty:
                if (moves)
                {
                    pipeline.Query(_rows.Delete(table, row));
                    expectations.Add(-1, table, at, isOneRow: true);
                }
                pipeline.Query(_rows.Insert(table, row.New, keeps: true));
                expectations.Add(-1, table, at, isOneRow: true);
                break;
            case Op.Update:
                pipeline.Query(_rows.Update(table, row));
                expectations.Add(keeps ? -1 : 1, table, at, isOneRow: true);
                break;
            case Op.Insert:
                pipeline.Query(_rows.Insert(table, row.New, keeps));
                expectations.Add(keeps ? -1 : 1, table, at, isOneRow: true);
                break;
        }
    }
}
