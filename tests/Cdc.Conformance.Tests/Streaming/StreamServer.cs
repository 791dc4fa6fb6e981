using Cdc.Testing;

namespace Cdc.Conformance.Tests.Streaming;

/// <summary>One server for the tests of the stream; each test has a database, a publication and a slot of its
/// own.</summary>
public sealed class StreamServer : IAsyncLifetime
{
    public PostgresCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await PostgresCluster.StartAsync(new()
    {
        Settings = new Dictionary<string, string>
        {
            ["wal_sender_timeout"] = "'2s'",
            ["autovacuum"] = "off",
            ["fsync"] = "off",
        },
    });

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    /// <summary>A database with these tables, all of them published, and a slot that begins behind them.</summary>
    internal async Task<StreamCase> PrepareAsync(string tables)
    {
        string name = $"case_{Guid.NewGuid():N}"[..20];
        await Cluster.CreateDatabaseAsync(name);
        StreamCase @case = new(Cluster, name);
        await @case.ExecuteAsync(tables);
        await @case.ExecuteAsync("CREATE PUBLICATION pub FOR ALL TABLES");
        await @case.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')");
        return @case;
    }
}
