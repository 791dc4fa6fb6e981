namespace Cdc.Bench;

/// <summary>What an application did: tables, the rows that were there before, and the transactions of the
/// backlog.</summary>
abstract class Workload
{
    /// <summary>The last transaction of every backlog: a row that shows that all before it was applied.</summary>
    public const string Mark = "INSERT INTO mark VALUES (1)";

    public virtual IReadOnlyList<string> Names { get; } = ["bench", "mark"];

    public virtual bool HasStream => true;

    /// <summary>Whether the target has the tables and rows before the first run.</summary>
    public virtual bool IsInTarget => true;

    public virtual string Tables(BenchOptions options) => """
        CREATE TABLE bench (id bigint PRIMARY KEY, n int, t text, d numeric, at timestamptz);
        CREATE TABLE mark (id int PRIMARY KEY);
        """;

    /// <summary>Rows that source and target hold when the backlog begins.</summary>
    public virtual string Rows(BenchOptions options) => "SELECT 1";

    /// <summary>Statements of transaction <c>i</c>, counted from 0.</summary>
    public abstract string Transaction(BenchOptions options);

    /// <summary>Rows of numbers from <paramref name="from"/> to <paramref name="to"/>.</summary>
    protected static string Insert(string from, string to, string table = "bench") => $"""
        INSERT INTO {table}
        SELECT k, (k * 7919) % 100000, 'row ' || k || ' of the benchmark', k / 100.0,
            timestamptz '2026-01-01' + k * interval '1 second'
        FROM generate_series({from}, {to}) k;
        """;

    /// <summary>Keys of transaction i, spread over the whole table; every key once in the backlog.</summary>
    protected static string Keys(BenchOptions options) =>
        $"id IN (SELECT k * {options.Transactions} + i + 1 FROM generate_series(0, {options.RowsPerTransaction - 1}) k)";
}

/// <summary>Rows are added.</summary>
sealed class Inserts : Workload
{
    public override string Transaction(BenchOptions options) => Insert(
        $"i::bigint * {options.RowsPerTransaction} + 1", $"(i::bigint + 1) * {options.RowsPerTransaction}");
}

/// <summary>Every row of a table is changed once, in no order.</summary>
sealed class Updates : Workload
{
    public override string Rows(BenchOptions options) => Insert("1::bigint", $"{options.Rows}");

    public override string Transaction(BenchOptions options) =>
        $"UPDATE bench SET n = n + 1, t = 'changed in ' || i WHERE {Keys(options)};";
}

/// <summary>Every row of a table is deleted, in no order.</summary>
sealed class Deletes : Workload
{
    public override string Rows(BenchOptions options) => Insert("1::bigint", $"{options.Rows}");

    public override string Transaction(BenchOptions options) => $"DELETE FROM bench WHERE {Keys(options)};";
}

/// <summary>Half of the changes are updates, of keys that come again; the rest are inserts and deletes.</summary>
sealed class Mixed : Workload
{
    public override string Rows(BenchOptions options) => Insert("1::bigint", $"{options.Rows}");

    public override string Transaction(BenchOptions options)
    {
        int quarter = Math.Max(options.RowsPerTransaction / 4, 1);
        // The lower half is updated, and never runs over into the upper one, whose rows go.
        string first = $"(i::bigint * 61) % {options.Rows / 2 - quarter * 2}";
        return $"""
            UPDATE bench SET n = n + 1 WHERE id BETWEEN {first} + 1 AND {first} + {quarter * 2};
            {Insert($"{options.Rows} + i::bigint * {quarter} + 1", $"{options.Rows} + (i::bigint + 1) * {quarter}")}
            DELETE FROM bench WHERE id BETWEEN {options.Rows / 2} + i::bigint * {quarter} + 1 AND {options.Rows / 2} + (i::bigint + 1) * {quarter};
            """;
    }
}

/// <summary>An empty table.</summary>
sealed class Nothing : Workload
{
    public override bool HasStream => false;

    public override string Transaction(BenchOptions options) => "NULL;";
}

/// <summary>Ten tables with rows and an index besides the key each, and no changes.</summary>
sealed class TenTables : Workload
{
    const int Count = 10;

    public override IReadOnlyList<string> Names { get; } =
        [.. Enumerable.Range(0, Count).Select(static n => $"copy_{n}"), "mark"];

    public override bool HasStream => false;

    public override bool IsInTarget => false;

    public override string Tables(BenchOptions options) =>
        string.Concat(Names.SkipLast(1).Select(static table => $"""
            CREATE TABLE {table} (id bigint PRIMARY KEY, n int, t text, d numeric, at timestamptz);
            CREATE INDEX ON {table} (n);
            """)) + "CREATE TABLE mark (id int PRIMARY KEY);";

    public override string Rows(BenchOptions options) =>
        string.Concat(Names.SkipLast(1).Select(table => Insert("1::bigint", $"{options.Rows / Count}", table)));

    public override string Transaction(BenchOptions options) => "NULL;";
}
