using Cdc.Engine;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Target;

/// <summary>One server for the tests of a target; each has a database of its own.</summary>
public sealed class TargetServer : IAsyncLifetime
{
    int _count;

    public PostgresCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await PostgresCluster.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    public async Task<string> NewDatabaseAsync()
    {
        string name = $"target{Interlocked.Increment(ref _count)}";
        await Cluster.CreateDatabaseAsync(name);
        return name;
    }

    internal PostgresSink Open(string database, long batchBytes = 8 << 20, IMilestones? milestones = null) =>
        Open(Cluster, database, batchBytes, milestones);

    internal static PostgresSink Open(
        PostgresCluster cluster, string database, long batchBytes = 8 << 20, IMilestones? milestones = null) => new(new()
    {
        Address = PostgresAddress.Parse(cluster.UrlFor(database)),
        Name = "orders",
        BatchBytes = batchBytes,
        Milestones = milestones ?? NoMilestones.Instance,
        RetryFor = TimeSpan.FromMinutes(1),
    });
}
