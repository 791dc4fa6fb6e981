using Cdc.Testing;

namespace Cdc.EndToEnd.Tests;

/// <summary>One throw-away server for all tests of a class; each makes databases and roles of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    PostgresCluster? _cluster;
    string? _missing;

    /// <summary>The server. Where there is none to start, the test is left out, loudly, or fails if it must not
    /// be.</summary>
    public PostgresCluster Cluster
    {
        get
        {
            if (_cluster is null) Assert.Skip(_missing ?? "The server was not started.");
            return _cluster;
        }
    }

    public async ValueTask InitializeAsync()
    {
        try
        {
            _cluster = await PostgresCluster.StartAsync(new()
            {
                Settings = new Dictionary<string, string> { ["fsync"] = "off", ["wal_sender_timeout"] = "'10s'" },
                HbaLines =
                [
                    "local all all trust", "local replication all trust",
                    "host refused all 127.0.0.1/32 reject",
                    "host all with_password 127.0.0.1/32 scram-sha-256",
                    "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust",
                ],
            });
        }
        catch (ServerMissingException missing) when (!ServerMissingException.IsFailure)
        {
            _missing = missing.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
    }
}
