using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>One database of the target server for each run, all alike when it begins.</summary>
static class TargetDatabase
{
    const string Template = "template_of_runs";

    public static string NameOf(int run) => $"run_{run}";

    /// <summary>The database that those of the runs are copies of: tables, and the rows that were there
    /// before.</summary>
    public static async Task MakeTemplateAsync(PostgresCluster target, Workload workload, BenchOptions options)
    {
        await target.CreateDatabaseAsync(Template);
        if (!workload.IsInTarget) return;
        await target.ExecuteAsync(workload.Tables(options), Template);
        await target.ExecuteAsync(workload.Rows(options), Template);
        await target.ExecuteAsync("VACUUM ANALYZE", Template);
    }

    public static Task MakeAsync(PostgresCluster target, int run) =>
        target.ExecuteAsync($"CREATE DATABASE {NameOf(run)} TEMPLATE {Template}");

    public static Task DropAsync(PostgresCluster target, int run) =>
        target.ExecuteAsync($"DROP DATABASE {NameOf(run)} WITH (FORCE)");

    /// <summary>Waits until the backlog's last row is there and on disk.</summary>
    public static async Task WaitForMarkAsync(PostgresCluster target, int run)
    {
        await using var connection = await target.OpenAsync(NameOf(run));
        await using var mark = connection.CreateCommand();
        mark.CommandText = "SELECT pg_current_wal_insert_lsn()::text FROM mark";
        await using var flushed = connection.CreateCommand();
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(5));
        object? written;
        while ((written = await mark.ExecuteScalarAsync()) is null) await pause.WaitForNextTickAsync();
        flushed.CommandText = $"SELECT pg_current_wal_flush_lsn() >= '{written}'";
        while (await flushed.ExecuteScalarAsync() is not true) await pause.WaitForNextTickAsync();
    }

    /// <summary>Every table must have the same rows.</summary>
    public static async Task VerifyAsync(PostgresCluster source, PostgresCluster target, int run, Workload workload)
    {
        foreach (string table in workload.Names)
        {
            string sum = $"SELECT count(*) || ' ' || coalesce(sum(hashtextextended({table}::text, 0)::numeric), 0) FROM {table}";
            string? there = await source.ScalarAsync(sum), here = await target.ScalarAsync(sum, NameOf(run));
            if (there != here) throw new InvalidOperationException($"{table}: the source has {there}, the target {here}.");
        }
    }
}
