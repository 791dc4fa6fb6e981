using System.Diagnostics;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>PostgreSQL's own way to copy a database: dumped into a directory by two processes, restored by
/// two.</summary>
sealed class DumpAndRestore(PostgresCluster cluster, BenchPlaces places, Workload workload) : IContender
{
    public string Name => "pg_dump -Fd -j 2, pg_restore -j 2";

    public Task PrepareAsync(int run) => Task.CompletedTask;

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        await TargetDatabase.MakeAsync(places.Target, run);
        string target = places.Target.UrlFor(TargetDatabase.NameOf(run));
        string[] tables = [.. workload.Names.SelectMany(static table => new[] { "--table", table })];
        long started = Stopwatch.GetTimestamp();
        (Measurement dumped, _) = await TimedProcess.RunAsync(cluster.Binaries["pg_dump"],
            ["--format", "directory", "--jobs", "2", "--file", places.File($"dump_{run}"), .. tables, cluster.Url]);
        (Measurement restored, _) = await TimedProcess.RunAsync(cluster.Binaries["pg_restore"],
            "--jobs", "2", "--dbname", target, places.File($"dump_{run}"));
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        await TargetDatabase.VerifyAsync(cluster, places.Target, run, workload);
        return new(elapsed)
        {
            Rows = backlog.Rows,
            Processor = dumped.Processor + restored.Processor,
            PeakBytes = Math.Max(dumped.PeakBytes, restored.PeakBytes),
        };
    }

    public async Task CleanAsync(int run)
    {
        Directory.Delete(places.File($"dump_{run}"), recursive: true);
        await TargetDatabase.DropAsync(places.Target, run);
    }
}
