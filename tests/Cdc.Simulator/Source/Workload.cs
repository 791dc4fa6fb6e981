using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>An application at the source: transactions of rows and DDL, as the seed's options say.</summary>
public sealed class Workload
{
    readonly ModelSource _source;
    readonly Rng _rng;
    readonly WorkloadOptions _options;
    readonly List<ModelStep> _open = [];
    readonly Constraints _constraints;
    readonly DdlMaker _ddl;
    ulong _commit = 1;
    ulong _value;

    public Workload(ModelSource source, Rng rng, WorkloadOptions options)
    {
        (_source, _rng, _options) = (source, rng, options);
        _constraints = new(source, rng, options, _open);
        _ddl = new(source, rng, options, _constraints);
    }

    /// <summary>How many transactions were made.</summary>
    public int Made { get; private set; }

    public bool IsFinished => Made >= _options.Transactions;

    /// <summary>The tables that are there from the start.</summary>
    public void CreateTables()
    {
        for (int i = 0; i < _options.Tables; i++)
        {
            _source.AddTable(MakeTable(new TableId(i + 1), $"s{i % _options.Schemas}", CommitTs.Zero, _rng, _options));
        }
    }

    /// <summary>A table as the options say.</summary>
    internal static TableHistory MakeTable(
        TableId id, string schema, CommitTs created, Rng rng, WorkloadOptions options)
    {
        bool hasKey = options.KeylessShare == 0 || !rng.Chance(options.KeylessShare);
        return new(id, schema, rng.Chance(options.SplittableShare) && hasKey, created) { HasKey = hasKey };
    }

    /// <summary>Commits one transaction.</summary>
    public void Transact()
    {
        Made++;
        _commit += (ulong)_rng.Between(1, 9);
        _open.Clear();
        uint step = 0;
        int pieces = _rng.Chance(_options.MixedShare) ? _rng.Between(2, 4) : 1;
        for (int i = 0; i < pieces; i++)
        {
            bool isDdl = _rng.Chance(pieces > 1 ? 0.6 : _options.DdlShare);
            if (!isDdl)
            {
                AddRows(new(_commit, step));
                continue;
            }

            // Steps count DDL only: rows 0, the first DDL 1, rows after it 2.
            step = step % 2 == 0 ? step + 1 : step + 2;
            if (_ddl.Make(new CommitTs(_commit, step)) is { } made)
            {
                _open.Add(made);
                step++;
                Fill(made, new(_commit, step));
            }
            else
            {
                step--;
            }
        }

        _source.Commit(_commit, [.. _open]);
    }

    /// <summary>The transaction that a maintainer asked for: a marker in the log, the same for every reader.</summary>
    public void WriteSyncpoint()
    {
        _commit += 2;
        var id = new BlockEventId(CommitTs.End(_commit), true);
        _source.Commit(_commit, [new BlockStep(id, BlockPayload.Of(new Influence.All()), new("syncpoint", [], [], [], []))]);
    }

    void AddRows(CommitTs at)
    {
        List<TableHistory> live = [.. _source.Tables.Values.Where(static t => t.Dropped is null)];
        if (live.Count == 0) return;
        int index = _open.FindIndex(s => s.At == at);
        List<RowChange> rows = index >= 0 ? [.. ((RowsStep)_open[index]).Rows] : [];
        int count = _rng.Chance(0.1) ? _rng.Between(10, 30) : _rng.Between(1, 5);
        for (int i = 0; i < count; i++)
        {
            TableHistory table = _rng.Pick(live);
            if (!table.HasKey)
            {
                // Rows that are alike are different rows.
                rows.Add(new(table.Table, 0, (ulong)_rng.Between(1, 2), table.Shape));
                continue;
            }

            uint key = Key(_rng.Below(_options.Keys));
            if (rows.Exists(r => r.Table == table.Table && r.Key == key)) continue;
            if (_open.Count == 0 && ChangeKey(rows, table, key, at)) continue;
            Put(rows, new(table.Table, key, _rng.Chance(0.2) ? 0 : ++_value, table.Shape));
        }

        if (index >= 0) _open[index] = new RowsStep(at, rows);
        else if (rows.Count > 0) _open.Add(new RowsStep(at, rows));
    }

    uint Key(int number) => (uint)number * (uint)((1L << 32) / _options.Keys);

    void Put(List<RowChange> rows, RowChange change)
    {
        if (_options.HasConstraints) rows.AddRange(_constraints.Fit(change, rows));
        else rows.Add(change);
    }

    /// <summary>An update of the key of a row: it is deleted where it was and inserted where it goes, with all that it
    /// holds. False: it is not to be, or there is no row, or no key is free.</summary>
    bool ChangeKey(List<RowChange> rows, TableHistory table, uint from, CommitTs at)
    {
        // Where others refer to the row, or its unique value is taken, an update of its key would fail.
        if (_options.HasConstraints || _options.KeyChangeShare == 0) return false;
        if (!_rng.Chance(_options.KeyChangeShare)) return false;
        ulong value = table.ValueAt(from, at);
        if (value == 0) return false;
        int first = _rng.Below(_options.Keys);
        for (int i = 0; i < _options.Keys; i++)
        {
            uint to = Key((first + i) % _options.Keys);
            if (table.ValueAt(to, at) != 0 || rows.Exists(r => r.Table == table.Table && r.Key == to)) continue;
            rows.Add(new(table.Table, from, 0, table.Shape));
            rows.Add(new(table.Table, to, value, table.Shape));
            table.ChangeKey(at, from, to);
            return true;
        }

        return false;
    }

    /// <summary>Rows of the tables that a DDL has made, in the same transaction.</summary>
    void Fill(BlockStep made, CommitTs at)
    {
        if (_options.FilledShare == 0 || made.Ddl.Created.Count == 0 || !_rng.Chance(_options.FilledShare)) return;
        List<RowChange> rows = [];
        foreach (TableId created in made.Ddl.Created)
        {
            TableHistory table = _source.Tables[created];
            for (int i = 0; i < _options.Keys && table.HasKey; i++)
            {
                if (_rng.Chance(0.7)) Put(rows, new(created, Key(i), ++_value, table.Shape));
            }
        }

        if (rows.Count > 0) _open.Add(new RowsStep(at, rows));
    }
}

/// <summary>What the application is like.</summary>
/// <param name="Transactions">How many it makes.</param>
/// <param name="Pace">The longest pause between two.</param>
/// <param name="KeylessShare">How many of the tables have no key.</param>
/// <param name="TriggerInEveryDdl">Whether every DDL stops the table trigger too, as PostgreSQL's do.</param>
/// <param name="HasConstraints">Whether it has unique columns and foreign keys, and DDL that adds some.</param>
public sealed record WorkloadOptions(
    int Tables,
    int Schemas,
    int Keys,
    int Transactions,
    TimeSpan Pace,
    double DdlShare,
    double MixedShare,
    double SplittableShare,
    double KeylessShare,
    bool TriggerInEveryDdl,
    bool HasConstraints)
{
    /// <summary>How often a DDL is one that forbids to split a table from then on.</summary>
    public double UnsplitShare { get; init; }

    /// <summary>How many of the changes are updates of a key: a row goes from one hash to another.</summary>
    public double KeyChangeShare { get; init; }

    /// <summary>How often the transaction that makes a table fills it, as CREATE TABLE AS does: its rows come before
    /// the DDL in the source's log, and take the step behind it.</summary>
    public double FilledShare { get; init; }
}
