using Cdc.Bench;
using Cdc.Testing;

if (args is [Drain.Command, .. string[] rest])
{
    await Drain.RunHereAsync(rest);
    return;
}

IScenario[] scenarios = [new Blackhole()];
BenchOptions options = BenchOptions.Parse(args);
IScenario scenario = scenarios.SingleOrDefault(s => s.Name == options.Scenario)
    ?? throw new ArgumentException($"Scenarios: {string.Join(", ", scenarios.Select(static s => s.Name))}");

using TemporaryDirectory directory = new("cdc-bench-");
await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
{
    Settings = new Dictionary<string, string>
    {
        ["shared_buffers"] = "'256MB'",
        ["max_wal_size"] = "'8GB'",
        ["max_replication_slots"] = "100",
        ["synchronous_commit"] = "off",
        ["autovacuum"] = "off",
    },
});
IReadOnlyList<IContender> contenders = scenario.Contenders(cluster, directory.Path);
Backlog backlog = await Backlog.LoadAsync(cluster, options, options.Rounds * contenders.Count);
List<Measurement>[] runs = [.. contenders.Select(static _ => new List<Measurement>())];
for (int round = 0; round < options.Rounds; round++)
{
    for (int i = 0; i < contenders.Count; i++)
    {
        string slot = Backlog.SlotOf(round * contenders.Count + i);
        Measurement measured = await contenders[i].RunAsync(backlog, slot);
        runs[i].Add(measured);
        Report.Run(round, contenders[i], measured);
        await cluster.ScalarAsync($"SELECT pg_drop_replication_slot('{slot}')");
    }
}
Report.Summary(contenders, runs);
