using Cdc.Postgres.Wire;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>One server, in which each test has a source and a target of its own.</summary>
public sealed class DdlServer : IAsyncLifetime
{
    int _pairs;

    public PostgresCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await PostgresCluster.StartAsync(new()
    {
        // Many small databases, none of which outlives the test.
        Settings = new Dictionary<string, string> { ["fsync"] = "off", ["jit"] = "off" },
    });

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    internal async Task<DdlPair> PairAsync()
    {
        int number = Interlocked.Increment(ref _pairs);
        await Cluster.CreateDatabaseAsync($"source{number}");
        await Cluster.CreateDatabaseAsync($"target{number}");
        return new(Open($"source{number}"), Open($"target{number}"));
    }

    internal PgConnection Open(string database, string user = PostgresCluster.Superuser) => PgConnection.Connect(new()
    {
        Host = "127.0.0.1",
        Port = Cluster.Port,
        Database = database,
        User = user,
        SslMode = SslMode.Disable,
    }, new(), TestContext.Current.CancellationToken);
}
