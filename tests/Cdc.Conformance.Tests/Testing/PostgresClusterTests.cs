using System.Diagnostics;
using Cdc.Testing;
using Npgsql;

namespace Cdc.Conformance.Tests.Testing;

public sealed class PostgresClusterTests
{
    [Fact]
    public async Task A_cluster_answers_and_leaves_nothing_behind()
    {
        string data;
        int server;
        await using (PostgresCluster cluster = await PostgresCluster.StartAsync())
        {
            (data, server) = (cluster.DataDirectory, cluster.ProcessId);
            Assert.Equal("logical", await cluster.ScalarAsync("SHOW wal_level"));
            Assert.Equal("on", await cluster.ScalarAsync("SHOW fsync"));
            Assert.Equal([["1", null]], await cluster.QueryAsync("SELECT 1, NULL"));
        }
        Assert.False(Directory.Exists(data));
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(server));
    }

    [Fact]
    public async Task Settings_of_the_test_win()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string> { ["fsync"] = "off", ["wal_level"] = "replica" },
        });
        Assert.Equal("off", await cluster.ScalarAsync("SHOW fsync"));
        Assert.Equal("replica", await cluster.ScalarAsync("SHOW wal_level"));
    }

    [Theory]
    [InlineData(PostgresStop.Fast)]
    [InlineData(PostgresStop.Immediate)]
    public async Task A_stopped_cluster_starts_again_with_its_rows_and_port(PostgresStop mode)
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync();
        await cluster.ExecuteAsync("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)");
        int port = cluster.Port;
        await cluster.StopAsync(mode);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => cluster.QueryAsync("SELECT 1"));
        await cluster.StartAgainAsync();
        Assert.Equal(port, cluster.Port);
        Assert.Equal("2", await cluster.ScalarAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_killed_cluster_recovers()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync();
        await cluster.ExecuteAsync("CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
        await cluster.KillAsync();
        await cluster.StartAgainAsync();
        Assert.Equal("1", await cluster.ScalarAsync("SELECT count(*) FROM t"));
        Assert.Contains("database system was not properly shut down", cluster.Log());
    }

    [Fact]
    public async Task A_copy_is_the_cluster_of_then_beside_the_cluster_of_now()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync();
        await cluster.ExecuteAsync("CREATE TABLE t (id int)");
        await cluster.StopAsync();
        string copy = await cluster.CopyDataDirectoryAsync();
        await cluster.StartAgainAsync();
        await cluster.ExecuteAsync("INSERT INTO t VALUES (1)");

        await using PostgresCluster restored = await PostgresCluster.StartFromAsync(copy);
        Assert.Equal("0", await restored.ScalarAsync("SELECT count(*) FROM t"));
        Assert.Equal("1", await cluster.ScalarAsync("SELECT count(*) FROM t"));
        const string identifier = "SELECT system_identifier FROM pg_control_system()";
        Assert.Equal(await cluster.ScalarAsync(identifier), await restored.ScalarAsync(identifier));
    }

    [Fact]
    public async Task A_different_database_has_none_of_the_usual_settings()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync();
        await cluster.CreateDifferentDatabaseAsync("odd");
        IReadOnlyList<IReadOnlyList<string?>> rows = await cluster.QueryAsync(
            "SELECT timestamptz '2000-01-31 00:00+00'::text, '\\x01'::bytea::text, (1 / 3.0)::float8::text", "odd");
        Assert.Equal(["31/01/2000 05:45:00 +0545", "\\001", "0.3333333333"], rows[0]);
    }

    [Fact]
    public async Task A_server_does_not_outlive_the_process_that_started_it()
    {
        // The holder of the pipe is the only thing between the guard and the server's end, so closing it is dying.
        await using PostgresCluster cluster = await PostgresCluster.StartAsync();
        using Process server = Process.GetProcessById(cluster.ProcessId);
        cluster.AbandonGuard();
        await server.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        Assert.True(server.HasExited);
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why()
    {
        var options = new PostgresClusterOptions
        {
            Settings = new Dictionary<string, string> { ["no_such_setting"] = "1" },
        };
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => PostgresCluster.StartAsync(options));
        Assert.Contains("no_such_setting", refused.Message);
    }

    [Fact]
    public async Task Clusters_start_side_by_side()
    {
        PostgresCluster[] clusters = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => PostgresCluster.StartAsync()));
        try
        {
            Assert.Equal(3, clusters.Select(c => c.Port).Distinct().Count());
        }
        finally
        {
            foreach (PostgresCluster cluster in clusters) await cluster.DisposeAsync();
        }
    }
}
