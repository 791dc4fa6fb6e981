using Cdc.Bench;
using Cdc.Bench.Protocol;
using Cdc.Testing;

if (args is [Drain.Command, .. string[] drain])
{
    await Drain.RunHereAsync(drain);
    return 0;
}
if (args is [Product.Command, .. string[] product]) return await Product.RunHereAsync(product);
if (args is [ProtocolScale.Command, ..]) return ProtocolScale.Run();

IScenario[] scenarios =
[
    new Blackhole(), new Ndjson(), new Snapshot(), new Large(),
    new Apply("insert", new Inserts()), new Apply("update", new Updates()), new Apply("delete", new Deletes()),
    new Apply("mixed", new Mixed()), new Far(TimeSpan.FromMilliseconds(2.5)), new Far(TimeSpan.FromMilliseconds(12)),
    new DatabaseCopy(), new Latency(),
];
IScenario scenario = scenarios[0];
BenchOptions options = BenchOptions.Parse(args, name =>
{
    scenario = scenarios.SingleOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"Scenarios: {string.Join(", ", scenarios.Select(static s => s.Name))}");
    return scenario.Defaults;
});

using TemporaryDirectory directory = new("cdc-bench-");
await using PostgresCluster cluster = await PostgresCluster.StartAsync(Servers.Options);
await using PostgresCluster target = await PostgresCluster.StartAsync(Servers.Options);
BenchPlaces places = new(directory.Path, options.Program) { Target = target };
IReadOnlyList<IContender> contenders = scenario.Contenders(cluster, places);
await Backlog.CreateTablesAsync(cluster, scenario.Workload, options);
await TargetDatabase.MakeTemplateAsync(target, scenario.Workload, options);
for (int run = 0; run < options.Rounds * contenders.Count; run++)
    await contenders[run % contenders.Count].PrepareAsync(run);
Backlog backlog = await Backlog.LoadAsync(cluster, scenario.Workload, options);
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
