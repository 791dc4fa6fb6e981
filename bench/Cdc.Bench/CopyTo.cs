using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>The server's own way to put a table into a file, which it does not sync.</summary>
sealed class CopyTo(PostgresCluster cluster, BenchPlaces places) : IContender
{
    public string Name => "COPY ... TO a file";

    public Task PrepareAsync(int run) => Task.CompletedTask;

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        (Measurement measured, _) = await TimedProcess.RunAsync(cluster.Binaries["psql"],
            "--no-psqlrc", "--dbname", cluster.Url, "--command", "COPY bench TO STDOUT", "--output", FileOf(run));
        return measured;
    }

    public Task CleanAsync(int run)
    {
        File.Delete(FileOf(run));
        return Task.CompletedTask;
    }

    string FileOf(int run) => places.File($"copy_{run}");
}
