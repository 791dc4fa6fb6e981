using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>The command with a database as its target.</summary>
sealed class ProductToDatabase(PostgresCluster cluster, BenchPlaces places, string name, Workload workload) : IContender
{
    /// <summary>What each way to the source takes longer.</summary>
    public TimeSpan SourceDelay { get; init; }

    /// <summary>What each way to the target takes longer.</summary>
    public TimeSpan TargetDelay { get; init; }

    public string Name => name;

    bool Copies => !workload.HasStream;

    public async Task PrepareAsync(int run)
    {
        if (Copies) return;
        await TargetDatabase.MakeAsync(places.Target, run);
        // A run that begins with the log alone, and ends: it makes the slot.
        (await ProcessRun.RunAsync(places.Program,
        [
            "run", "--from", cluster.Url, "--to", places.Target.UrlFor(TargetDatabase.NameOf(run)),
            .. Common(run), "--until", "now",
        ])).Expect0("cdc run");
    }

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        if (Copies) await TargetDatabase.MakeAsync(places.Target, run);
        await using SlowProxy source = SlowProxy.To(cluster.Port, SourceDelay);
        await using SlowProxy target = SlowProxy.To(places.Target.Port, TargetDelay);
        (Measurement measured, _) = await TimedProcess.RunAsync(places.Program,
        [
            "run", "--from", Url(source, "postgres"), "--to", Url(target, TargetDatabase.NameOf(run)),
            .. Common(run), "--until", Copies ? "snapshot" : $"{backlog.End:X16}.FFFF",
        ]);
        await TargetDatabase.VerifyAsync(cluster, places.Target, run, workload);
        return measured with { Rows = backlog.Rows };
    }

    public async Task CleanAsync(int run)
    {
        (await ProcessRun.RunAsync(places.Program,
            ["drop", "--from", cluster.Url, "--name", NameOf(run), "--state", State]))
            .Expect0("cdc drop");
        await TargetDatabase.DropAsync(places.Target, run);
    }

    string State => places.File("state");

    string[] Common(int run) =>
    [
        "--name", NameOf(run), "--state", State,
        .. workload.Names.SelectMany(static table => new[] { "--tables", $"public.{table}" }),
        "--snapshot", Copies ? "only" : "none",
    ];

    static string Url(SlowProxy proxy, string database) =>
        $"postgresql://{PostgresCluster.Superuser}@127.0.0.1:{proxy.Port}/{database}";

    static string NameOf(int run) => $"bench_{run}";
}
