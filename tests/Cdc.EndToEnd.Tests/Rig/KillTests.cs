using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Kills the real process at marked steps, under load, starts it again, and rebuilds every table from the files: no
/// row is missing, none is doubled, and the application has not noticed.</summary>
public sealed class KillTests(SharedServer server) : IClassFixture<SharedServer>
{
    public static TheoryData<string> Points() =>
    [
        "SnapshotRowsWritten:3", "SnapshotRowsWritten:3 SnapshotRowsWritten:6", "TableCopied:1", "TableCopied:3 TableCopied:2",
        "SnapshotRowsWritten:2 TableCopied:2 BatchWritten:2",
        "BatchWritten:2", "BatchWritten:9", "BatchWritten:4 BatchWritten:7",
        "DataFileDurable:1", "DataFileDurable:12", "DataFileDurable:15 DataFileDurable:3",
        "IndexEntryDurable:1", "IndexEntryDurable:14", "IndexEntryDurable:12 IndexEntryDurable:2",
        "CheckpointSaved:1", "CheckpointSaved:2 CheckpointSaved:1", "BeforeConfirm:2",
        "BatchWritten:3 DataFileDurable:2 IndexEntryDurable:2 CheckpointSaved:1",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Nothing_is_lost_or_doubled_when_it_is_killed_at(string points)
    {
        PostgresCluster cluster = server.Cluster;
        using TemporaryDirectory directory = new("cdc-rig-");
        string database = $"rig_{Guid.NewGuid():N}"[..12];
        await cluster.CreateDatabaseAsync(database);
        RigProcess rig = new(directory.Path, cluster.UrlFor(database));
        await using (TestApplication application = await TestApplication.InstallAsync(
            cluster.ConnectionStringFor(database), cluster.ConnectionStringFor(database), points.Length))
        {
            application.Start();
            foreach (string point in points.Split(' ')) await rig.KillAtAsync(point);
            await application.WriteMoreAsync(50);
            await application.StopAsync();
        }
        await rig.CatchUpAsync();
        await Rebuilt.MustEqualAsync(cluster, database, [.. NamedFiles.Lines(rig.Output)]);
        await rig.DropAsync();
    }

    [Fact]
    public async Task Debezium_files_in_gzip_rebuild_the_tables_after_kills()
    {
        PostgresCluster cluster = server.Cluster;
        using TemporaryDirectory directory = new("cdc-rig-");
        string database = $"rig_{Guid.NewGuid():N}"[..12];
        await cluster.CreateDatabaseAsync(database);
        RigProcess rig = new(directory.Path, cluster.UrlFor(database), "--format", "debezium", "--gzip");
        await using (TestApplication application = await TestApplication.InstallAsync(
            cluster.ConnectionStringFor(database), cluster.ConnectionStringFor(database), 11))
        {
            application.Start();
            await rig.KillAtAsync("TableCopied:2");
            await rig.KillAtAsync("DataFileDurable:12");
            await rig.KillAtAsync("IndexEntryDurable:3");
            await application.StopAsync();
        }
        await rig.CatchUpAsync();
        await DebeziumRebuilt.MustEqualAsync(cluster, database, NamedFiles.Lines(rig.Output));
        await rig.DropAsync();
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_when_the_server_cuts_the_connection_again_and_again()
    {
        PostgresCluster cluster = server.Cluster;
        using TemporaryDirectory directory = new("cdc-rig-");
        string database = $"rig_{Guid.NewGuid():N}"[..12];
        await cluster.CreateDatabaseAsync(database);
        RigProcess rig = new(directory.Path, cluster.UrlFor(database));
        await using (TestApplication application = await TestApplication.InstallAsync(
            cluster.ConnectionStringFor(database), cluster.ConnectionStringFor(database), 7))
        {
            application.Start();
            await using ProcessRun run = rig.Start(null, []);
            for (int cuts = 0; cuts < 3; cuts++)
            {
                string pid = await ReaderAsync(run, cluster, database);
                await cluster.ExecuteAsync($"select pg_terminate_backend({pid})", database);
                await application.WriteMoreAsync(30);
            }
            await ReaderAsync(run, cluster, database);
            run.Send(Signal.Interrupt);
            Assert.Equal(0, (await run.WaitAsync()).ExitCode);
            await application.StopAsync();
        }
        await rig.CatchUpAsync();
        await Rebuilt.MustEqualAsync(cluster, database, [.. NamedFiles.Lines(rig.Output)]);
        await rig.DropAsync();
    }

    // Files stay open here, so that rows are received and not durable for as long as the test likes, and the server hears
    // from the run meanwhile.
    [Fact]
    public async Task What_is_not_durable_when_it_is_killed_comes_again_from_the_server()
    {
        PostgresCluster cluster = server.Cluster;
        using TemporaryDirectory directory = new("cdc-rig-");
        string database = $"rig_{Guid.NewGuid():N}"[..12];
        await cluster.CreateDatabaseAsync(database);
        RigProcess rig = new(directory.Path, cluster.UrlFor(database))
        {
            Rotation = ["--rotate-bytes", "1GB", "--rotate-interval", "1h"],
        };
        await using (TestApplication application = await TestApplication.InstallAsync(
            cluster.ConnectionStringFor(database), cluster.ConnectionStringFor(database), 13))
        {
            application.Start();
            await using ProcessRun run = rig.Start(null, []);
            await ReaderAsync(run, cluster, database);
            await application.WriteMoreAsync(50);
            await application.StopAsync();
            await cluster.ExecuteAsync(
                "insert into shop.orders(id, state) select g, 'held back' from generate_series(9000001, 9000100) g", database);
            await HeardAfterwardsAsync(run, cluster, database);
            run.Kill();
        }
        Assert.DoesNotContain(NamedFiles.Lines(rig.Output), static line => line.Contains("held back", StringComparison.Ordinal));
        await rig.CatchUpAsync();
        await Rebuilt.MustEqualAsync(cluster, database, [.. NamedFiles.Lines(rig.Output)]);
        await rig.DropAsync();
    }

    // Waits until the server has sent all that is committed, and was answered when the checkpoint, which is looked at
    // every second, has had its turn since.
    static async Task HeardAfterwardsAsync(ProcessRun run, PostgresCluster cluster, string database)
    {
        string end = (await cluster.ScalarAsync("select pg_current_wal_lsn()", database))!;
        string sent = await StreamingAsync(run, cluster, database, "clock_timestamp()", $"r.sent_lsn >= '{end}'");
        await StreamingAsync(run, cluster, database, "r.pid", $"r.reply_time > '{sent}'::timestamptz + interval '2 s'");
    }

    // Waits until somebody streams from the slot, and names the server's process.
    static Task<string> ReaderAsync(ProcessRun run, PostgresCluster cluster, string database) =>
        StreamingAsync(run, cluster, database, "r.pid", "true");

    // Waits until the server's process that streams to the run meets the condition.
    static async Task<string> StreamingAsync(
        ProcessRun run, PostgresCluster cluster, string database, string wanted, string condition)
    {
        while (true)
        {
            var found = await cluster.QueryAsync(
                $"""
                select {wanted} from pg_replication_slots s join pg_stat_replication r on r.pid = s.active_pid
                where s.database = '{database}' and r.state = 'streaming' and {condition}
                """, database);
            if (found.Count > 0) return found[0][0]!;
            RigProcess.MustRun(run);
        }
    }
}
