using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Mistakes that take a server of their own, or something that stands before it.</summary>
public sealed class ServerMistakes(SharedServer server) : IClassFixture<SharedServer>
{
    static string[] Run(string url) =>
        ["run", "--from", url, "--to", "./out", "--name", "f", "--until", "now", "--slot-wait", "1s"];

    [Fact]
    public async Task A_pooler_that_takes_no_parameters_is_refused()
    {
        await using PoolerStandIn pooler = PoolerStandIn.Strict();
        using CdcCommand cdc = new();
        new Mistake("a strict pooler", 3, "unsupported startup parameter", "connect to the server itself")
            .Check(await cdc.RunAsync(Run($"postgres://me:{Mistake.Password}@127.0.0.1:{pooler.Port}/shop")));
    }

    [Fact]
    public async Task A_pooler_that_passes_everything_on_is_refused()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await using PoolerStandIn pooler = PoolerStandIn.Before(server.Cluster.Port);
        using CdcCommand cdc = new();
        string url = shop.Url.Replace($":{server.Cluster.Port}/", $":{pooler.Port}/", StringComparison.Ordinal);
        new Mistake("a pooler", 3, "A connection pooler answers", "server behind the pooler")
            .Check(await cdc.RunAsync(Run(url)));
        Assert.Equal("0", await shop.ScalarAsync("SELECT count(*) FROM pg_publication"));
    }

    [Fact]
    public async Task A_server_that_insists_on_TLS_refuses_a_plain_connection()
    {
        _ = server.Cluster;
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Tls = true,
            HbaLines = ["local all all trust", "hostssl all all 127.0.0.1/32 trust"],
            Settings = new Dictionary<string, string> { ["fsync"] = "off" },
        });
        Shop shop = await Shop.CreateAsync(cluster);
        using CdcCommand cdc = new();
        new Mistake("no TLS where it is required", 4, "no pg_hba.conf entry", "pg_hba.conf")
            .Check(await cdc.RunAsync(Run(shop.Url + "?sslmode=disable")));
        new Mistake("a certificate nobody vouches for", 4, "certificate", "sslrootcert")
            .Check(await cdc.RunAsync([.. Run(shop.Url + "?sslmode=verify-full"), "--retry-for", "1s"]));
        (await cdc.RunAsync(Run(shop.Url + $"?sslmode=verify-full&sslrootcert={cluster.AuthorityFile}")))
            .Expect0("the right way");
    }

    [Fact]
    public async Task A_server_without_a_free_WAL_sender_is_refused()
    {
        _ = server.Cluster;
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string> { ["max_wal_senders"] = "1", ["fsync"] = "off" },
        });
        Shop shop = await Shop.CreateAsync(cluster);
        using CdcCommand cdc = new();
        Directory.CreateDirectory(cdc.PathOf("wal"));
        await using ProcessRun other = ProcessRun.Start(cluster.Binaries["pg_receivewal"],
            ["-D", cdc.PathOf("wal"), "-h", "127.0.0.1", "-p", $"{cluster.Port}", "-U", PostgresCluster.Superuser]);
        while (await shop.ScalarAsync("SELECT count(*) FROM pg_stat_replication") == "0")
            Assert.False(other.HasExited, other.Error);
        new Mistake("no WAL sender free", 3, "WAL senders of the server are in use", "max_wal_senders")
            .Check(await cdc.RunAsync(Run(shop.Url)));
    }

    [Fact]
    public async Task A_slot_whose_log_the_server_removed_is_refused()
    {
        _ = server.Cluster;
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string> { ["max_slot_wal_keep_size"] = "'1MB'", ["fsync"] = "off" },
        });
        Shop shop = await Shop.CreateAsync(cluster);
        using CdcCommand cdc = new();
        (await cdc.RunAsync(Run(shop.Url))).Expect0("the first run");
        for (int i = 0; i < 4; i++)
        {
            await shop.ExecuteAsync($"INSERT INTO orders VALUES ({1000 + i}, 'x')");
            await shop.ExecuteAsync("SELECT pg_switch_wal()");
        }
        await shop.ExecuteAsync("CHECKPOINT");
        Assert.Equal("lost", await shop.ScalarAsync("SELECT wal_status FROM pg_replication_slots"));
        new Mistake("log removed", 6, "Slot cdc_f has lost the log it needs", "cdc drop --from")
            .Check(await cdc.RunAsync(Run(shop.Url)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_second_wish_to_stop_takes_no_time_and_promises_a_checkpoint_only_where_one_is_kept(bool isKept)
    {
        _ = server.Cluster;
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string> { ["fsync"] = "off" },
        });
        Shop shop = await Shop.CreateAsync(cluster);
        using CdcCommand cdc = new();
        string[] state = isKept ? ["--state", cdc.PathOf("state")] : [];
        await using ProcessRun run = cdc.Start(["run", "--from", shop.Url, "--to", "stdout", "--json", .. state]);
        // Before the stream stands there is nothing to settle with the server, and the end takes no time by itself.
        await StartMistakes.WaitForErrorAsync(run, "\"waitsFor\":\"waiting for the first change\"");
        // A clean end takes the publications away, and a server that stands still lets nobody in.
        (await ProcessRun.RunAsync("kill", ["-STOP", $"{cluster.ProcessId}"])).Expect0("kill -STOP");
        run.Send(Signal.Interrupt);
        await StartMistakes.WaitForErrorAsync(run, "\"progress\":\"stopping\"");
        run.Send(Signal.Interrupt);
        ProcessResult result = await run.WaitAsync();
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("cdc: stopped at once.", result.Error);
        Assert.Equal(isKept, result.Error.Contains("goes on from the last checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_restored_from_a_backup_is_refused()
    {
        _ = server.Cluster;
        PostgresClusterOptions options = new()
        {
            Settings = new Dictionary<string, string> { ["fsync"] = "off" },
        };
        using CdcCommand cdc = new();
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(options);
        Shop shop = await Shop.CreateAsync(cluster);
        (await cdc.RunAsync(Run(shop.Url))).Expect0("the first run");
        await cluster.StopAsync();
        string backup = await cluster.CopyDataDirectoryAsync();
        await cluster.StartAgainAsync();
        await shop.ExecuteAsync("INSERT INTO orders SELECT i, 'new' FROM generate_series(1000, 5000) i");
        (await cdc.RunAsync(Run(shop.Url))).Expect0("the run after the backup");
        await cluster.StopAsync();

        await using PostgresCluster restored = await PostgresCluster.StartFromAsync(backup, options);
        new Mistake("restored from a backup", 6, "restored from a backup", "cdc drop --from")
            .Check(await cdc.RunAsync(Run(restored.UrlFor(shop.Database))));
    }
}
