using System.Globalization;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>A log full of transactions, for slots that were made before.</summary>
sealed record Backlog(ulong End, long Rows)
{
    public const string Publication = "bench";

    const string Table =
        "CREATE TABLE bench (id bigint PRIMARY KEY, n int, t text, d numeric, at timestamptz)";

    public static async Task CreateTableAsync(PostgresCluster cluster)
    {
        await cluster.ExecuteAsync(Table);
        await cluster.ExecuteAsync($"CREATE PUBLICATION {Publication} FOR TABLE bench");
    }

    /// <summary>Fills the table, and with it the log behind every slot there is.</summary>
    public static async Task<Backlog> LoadAsync(PostgresCluster cluster, BenchOptions options)
    {
        await cluster.ExecuteAsync($"""
            CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
            BEGIN
                FOR i IN 0..{options.Transactions - 1} LOOP
                    INSERT INTO bench
                    SELECT k, (k * 7919) % 100000, 'row ' || k || ' of the benchmark', k / 100.0,
                        timestamptz '2026-01-01' + k * interval '1 second'
                    FROM generate_series(i::bigint * {options.RowsPerTransaction} + 1,
                        (i::bigint + 1) * {options.RowsPerTransaction}) k;
                    COMMIT;
                END LOOP;
            END $$
            """);
        await cluster.ExecuteAsync("CALL fill()");
        await cluster.ExecuteAsync("VACUUM ANALYZE bench");
        await cluster.ExecuteAsync("CHECKPOINT");
        string end = (await cluster.ScalarAsync("SELECT pg_current_wal_lsn()"))!;
        return new(ParseLsn(end), options.Rows);
    }

    public static string Print(ulong lsn) => $"{lsn >> 32:X}/{lsn & uint.MaxValue:X}";

    static ulong ParseLsn(string text)
    {
        string[] halves = text.Split('/');
        return (ulong.Parse(halves[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32)
            | ulong.Parse(halves[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
