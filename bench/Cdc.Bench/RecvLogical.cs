using System.Diagnostics;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>PostgreSQL's own client, which writes what it gets to a file.</summary>
sealed class RecvLogical(string directory) : IContender
{
    public string Name => "pg_recvlogical (pgoutput to a file)";

    public async Task<Measurement> RunAsync(Backlog backlog, string slot)
    {
        string file = Path.Combine(directory, "recvlogical.out");
        long started = Stopwatch.GetTimestamp();
        ProcessResult result = await ProcessRun.RunAsync(backlog.Cluster.Binaries["pg_recvlogical"],
        [
            "--dbname", backlog.Cluster.Url, "--slot", slot, "--start", "--no-loop", "--file", file,
            "--endpos", Backlog.Print(backlog.End),
            "--option", "proto_version=1", "--option", $"publication_names={Backlog.Publication}",
        ], TimeSpan.FromMinutes(10));
        Measurement measured = new(Stopwatch.GetElapsedTime(started));
        result.Expect0("pg_recvlogical");
        File.Delete(file);
        return measured;
    }
}
