using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>An application at the source: transactions of rows and DDL, as the seed's options say.</summary>
public sealed class Workload(ModelSource source, Rng rng, WorkloadOptions options)
{
    readonly DdlMaker _ddl = new(source, rng, options);
    ulong _commit = 1;
    ulong _value;

    /// <summary>How many transactions were made.</summary>
    public int Made { get; private set; }

    public bool IsFinished => Made >= options.Transactions;

    /// <summary>The tables that are there from the start.</summary>
    public void CreateTables()
    {
        for (int i = 0; i < options.Tables; i++)
        {
            source.AddTable(new(
                new TableId(i + 1), $"s{i % options.Schemas}", rng.Chance(options.SplittableShare), CommitTs.Zero));
        }
    }

    /// <summary>Commits one transaction.</summary>
    public void Transact()
    {
        Made++;
        _commit += (ulong)rng.Between(1, 9);
        var steps = new List<ModelStep>();
        uint step = 0;
        int pieces = rng.Chance(options.MixedShare) ? rng.Between(2, 4) : 1;
        for (int i = 0; i < pieces; i++)
        {
            bool isDdl = rng.Chance(pieces > 1 ? 0.6 : options.DdlShare);
            if (!isDdl)
            {
                AddRows(steps, new(_commit, step));
                continue;
            }

            // Steps count DDL only: rows 0, the first DDL 1, rows after it 2.
            step = step % 2 == 0 ? step + 1 : step + 2;
            if (_ddl.Make(new CommitTs(_commit, step)) is { } made)
            {
                steps.Add(made);
                step++;
                Fill(steps, made, new(_commit, step));
            }
            else
            {
                step--;
            }
        }

        source.Commit(_commit, steps);
    }

    /// <summary>The transaction that a maintainer asked for: a marker in the log, the same for every reader.</summary>
    public void WriteSyncpoint()
    {
        _commit += 2;
        var id = new BlockEventId(CommitTs.End(_commit), true);
        source.Commit(_commit, [new BlockStep(id, BlockPayload.Of(new Influence.All()), new("syncpoint", [], [], [], []))]);
    }

    void AddRows(List<ModelStep> steps, CommitTs at)
    {
        List<TableHistory> live = [.. source.Tables.Values.Where(static t => t.Dropped is null)];
        if (live.Count == 0) return;
        int index = steps.FindIndex(s => s.At == at);
        List<RowChange> rows = index >= 0 ? [.. ((RowsStep)steps[index]).Rows] : [];
        int count = rng.Chance(0.1) ? rng.Between(10, 30) : rng.Between(1, 5);
        for (int i = 0; i < count; i++)
        {
            TableHistory table = rng.Pick(live);
            uint key = Key(rng.Below(options.Keys));
            if (rows.Exists(r => r.Table == table.Table && r.Key == key)) continue;
            if (steps.Count == 0 && ChangeKey(rows, table, key, at)) continue;
            rows.Add(new(table.Table, key, rng.Chance(0.2) ? 0 : ++_value, table.Shape));
        }

        if (index >= 0) steps[index] = new RowsStep(at, rows);
        else if (rows.Count > 0) steps.Add(new RowsStep(at, rows));
    }

    uint Key(int number) => (uint)number * (uint)((1L << 32) / options.Keys);

    /// <summary>An update of the key of a row: it is deleted where it was and inserted where it goes, with all that it
    /// holds. False: it is not to be, or there is no row, or no key is free.</summary>
    bool ChangeKey(List<RowChange> rows, TableHistory table, uint from, CommitTs at)
    {
        if (options.KeyChangeShare == 0 || !rng.Chance(options.KeyChangeShare)) return false;
        ulong value = table.ValueAt(from, at);
        if (value == 0) return false;
        int first = rng.Below(options.Keys);
        for (int i = 0; i < options.Keys; i++)
        {
            uint to = Key((first + i) % options.Keys);
            if (table.ValueAt(to, at) != 0 || rows.Exists(r => r.Table == table.Table && r.Key == to)) continue;
            rows.Add(new(table.Table, from, 0, table.Shape));
            rows.Add(new(table.Table, to, value, table.Shape));
            table.ChangeKey(at, from, to);
            return true;
        }

        return false;
    }

    /// <summary>Rows of the tables that a DDL has made, in the same transaction.</summary>
    void Fill(List<ModelStep> steps, BlockStep made, CommitTs at)
    {
        if (options.FilledShare == 0 || made.Ddl.Created.Count == 0 || !rng.Chance(options.FilledShare)) return;
        List<RowChange> rows = [];
        foreach (TableId created in made.Ddl.Created)
        {
            for (int i = 0; i < options.Keys; i++)
            {
                if (rng.Chance(0.7)) rows.Add(new(created, Key(i), ++_value, source.Tables[created].Shape));
            }
        }

        if (rows.Count > 0) steps.Add(new RowsStep(at, rows));
    }
}

/// <summary>What the application is like.</summary>
/// <param name="Transactions">How many it makes.</param>
/// <param name="Pace">The longest pause between two.</param>
/// <param name="TriggerInEveryDdl">Whether every DDL stops the table trigger too, as PostgreSQL's do.</param>
public sealed record WorkloadOptions(
    int Tables,
    int Schemas,
    int Keys,
    int Transactions,
    TimeSpan Pace,
    double DdlShare,
    double MixedShare,
    double SplittableShare,
    bool TriggerInEveryDdl)
{
    /// <summary>How often a DDL is one that forbids to split a table from then on.</summary>
    public double UnsplitShare { get; init; }

    /// <summary>How many of the changes are updates of a key: a row goes from one hash to another.</summary>
    public double KeyChangeShare { get; init; }

    /// <summary>How often the transaction that makes a table fills it, as CREATE TABLE AS does: its rows come before
    /// the DDL in the source's log, and take the step behind it.</summary>
    public double FilledShare { get; init; }
}
