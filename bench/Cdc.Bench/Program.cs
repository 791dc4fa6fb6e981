using Cdc.Bench;
using Cdc.Testing;

if (args is [Drain.Command, .. string[] drain])
{
    await Drain.RunHereAsync(drain);
    return 0;
}
if (args is [Product.Command, .. string[] product]) return await Product.RunHereAsync(product);

IScenario[] scenarios = [new Blackhole(), new Ndjson(), new Snapshot(), new Large()];
IScenario scenario = scenarios[0];
BenchOptions options = BenchOptions.Parse(args, name =>
{
    scenario = scenarios.SingleOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"Scenarios: {string.Join(", ", scenarios.Select(static s => s.Name))}");
    return scenario.Defaults;
});

using TemporaryDirectory directory = new("cdc-bench-");
await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
{
    Settings = new Dictionary<string, string>
    {
        ["shared_buffers"] = "'256MB'",
        ["max_wal_size"] = "'8GB'",
        ["max_replication_slots"] = "100",
        ["max_wal_senders"] = "100",
        ["synchronous_commit"] = "off",
        ["autovacuum"] = "off",
    },
});
IReadOnlyList<IContender> contenders = scenario.Contenders(cluster, new(directory.Path, options.Program));
await Backlog.CreateTableAsync(cluster);
for (int run = 0; run < options.Rounds * contenders.Count; run++)
    await contenders[run % contenders.Count].PrepareAsync(run);
Backlog backlog = await Backlog.LoadAsync(cluster, options);
List<Measurement>[] runs = [.. contenders.Select(static _ => new List<Measurement>())];
for (int run = 0; run < options.Rounds * contenders.Count; run++)
{
    int i = run % contenders.Count;
    Measurement measured = await contenders[i].RunAsync(backlog, run);
    runs[i].Add(measured);
    Report.Run(run / contenders.Count, contenders[i], measured);
    await contenders[i].CleanAsync(run);
}
Report.Summary(contenders, runs);
return 0;
