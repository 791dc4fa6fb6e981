using System.Globalization;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>A log full of transactions, for slots that were made before.</summary>
sealed record Backlog(ulong End, long Rows)
{
    public const string Publication = "bench";

    /// <summary>The table, the rows that are there before, and the publication; then slots are made.</summary>
    public static async Task CreateTablesAsync(PostgresCluster cluster, Workload workload, BenchOptions options)
    {
        await cluster.ExecuteAsync(workload.Tables(options));
        await cluster.ExecuteAsync($"CREATE PUBLICATION {Publication} FOR TABLE {string.Join(", ", workload.Names)}");
        await cluster.ExecuteAsync(workload.Rows(options));
    }

    /// <summary>Changes the tables, and fills with that the log behind every slot there is.</summary>
    public static async Task<Backlog> LoadAsync(PostgresCluster cluster, Workload workload, BenchOptions options)
    {
        await cluster.ExecuteAsync($"""
            CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
            BEGIN
                FOR i IN 0..{options.Transactions - 1} LOOP
                    {workload.Transaction(options)}
                    COMMIT;
                END LOOP;
            END $$
            """);
        if (workload.HasStream) await cluster.ExecuteAsync("CALL fill()");
        await cluster.ExecuteAsync(Workload.Mark);
        await cluster.ExecuteAsync($"VACUUM ANALYZE {string.Join(", ", workload.Names)}");
        await cluster.ExecuteAsync("CHECKPOINT");
        string end = (await cluster.ScalarAsync("SELECT pg_current_wal_lsn()"))!;
        return new(ParseLsn(end), options.Rows);
    }

    public static string Print(ulong lsn) => $"{lsn >> 32:X}/{lsn & uint.MaxValue:X}";

    public static ulong ParseLsn(string text)
    {
        string[] halves = text.Split('/');
        return (ulong.Parse(halves[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32)
            | ulong.Parse(halves[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
