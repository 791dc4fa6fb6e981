using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>PostgreSQL's own client, which writes what it gets to a file, and syncs that every ten seconds and at its
/// end.</summary>
sealed class RecvLogical(PostgresCluster cluster, BenchPlaces places, string plugin, params string[] options)
    : IContender
{
    public string Name => $"pg_recvlogical ({plugin} to a file)";

    public static RecvLogical PgOutput(PostgresCluster cluster, BenchPlaces places) => new(
        cluster, places, "pgoutput", "proto_version=1", $"publication_names={Backlog.Publication}");

    public static RecvLogical Wal2Json(PostgresCluster cluster, BenchPlaces places) => new(
        cluster, places, "wal2json", "format-version=2");

    public async Task PrepareAsync(int run) =>
        await cluster.ScalarAsync($"SELECT pg_create_logical_replication_slot('{SlotOf(run)}', '{plugin}')");

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        (Measurement measured, _) = await TimedProcess.RunAsync(cluster.Binaries["pg_recvlogical"],
        [
            "--dbname", cluster.Url, "--slot", SlotOf(run), "--start", "--no-loop", "--file", FileOf(run),
            "--endpos", Backlog.Print(backlog.End), .. options.SelectMany(static o => new[] { "--option", o }),
        ]);
        return measured;
    }

    public async Task CleanAsync(int run)
    {
        File.Delete(FileOf(run));
        await cluster.ScalarAsync($"SELECT pg_drop_replication_slot('{SlotOf(run)}')");
    }

    string FileOf(int run) => places.File($"recvlogical_{run}");

    static string SlotOf(int run) => $"recvlogical_{run}";
}
