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
        await using RigCase rig = await RigCase.BeginAsync(server.Cluster, points.Length);
        foreach (string point in points.Split(' ')) await rig.Command.KillAtAsync(point);
        await rig.Application.WriteMoreAsync(50);
        await rig.EndAsync(Rebuilt.MustEqualAsync);
    }

    [Fact]
    public async Task Debezium_files_in_gzip_rebuild_the_tables_after_kills()
    {
        await using RigCase rig = await RigCase.BeginAsync(server.Cluster, 11, "--format", "debezium", "--gzip");
        await rig.Command.KillAtAsync("TableCopied:2");
        await rig.Command.KillAtAsync("DataFileDurable:12");
        await rig.Command.KillAtAsync("IndexEntryDurable:3");
        await rig.EndAsync(DebeziumRebuilt.MustEqualAsync);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_when_the_server_cuts_the_connection_again_and_again()
    {
        await using RigCase rig = await RigCase.BeginAsync(server.Cluster, 7);
        await using (ProcessRun run = rig.Command.Start(null))
        {
            for (int cuts = 0; cuts < 3; cuts++)
            {
                string pid = await ReaderAsync(rig, run);
                await rig.Cluster.ExecuteAsync($"select pg_terminate_backend({pid})", rig.Database);
                await rig.Application.WriteMoreAsync(30);
            }
            await ReaderAsync(rig, run);
            run.Send(Signal.Interrupt);
            Assert.Equal(0, (await run.WaitAsync()).ExitCode);
        }
        await rig.EndAsync(Rebuilt.MustEqualAsync);
    }

    // Files stay open here, so that rows are received and not durable for as long as the test likes, and the server hears
    // from the run meanwhile.
    [Fact]
    public async Task What_is_not_durable_when_it_is_killed_comes_again_from_the_server()
    {
        await using RigCase rig = await RigCase.BeginAsync(server.Cluster, 13);
        await using (ProcessRun run = rig.Command.Start(null, RigProcess.FilesStayOpen))
        {
            await ReaderAsync(rig, run);
            await rig.Application.WriteMoreAsync(50);
            await rig.Application.StopAsync();
            await rig.Cluster.ExecuteAsync(
                "insert into shop.orders(id, state) select g, 'held back' from generate_series(9000001, 9000100) g", rig.Database);
            await HeardAfterwardsAsync(rig, run);
            run.Kill();
        }
        Assert.DoesNotContain(
            NamedFiles.Lines(rig.Command.Output), static line => line.Contains("held back", StringComparison.Ordinal));
        await rig.EndAsync(Rebuilt.MustEqualAsync);
    }

    // Waits until the server has sent all that is committed, and was answered when the checkpoint, which is looked at
    // every second, has had its turn since.
    static async Task HeardAfterwardsAsync(RigCase rig, ProcessRun run)
    {
        string end = (await rig.Cluster.ScalarAsync("select pg_current_wal_lsn()", rig.Database))!;
        string sent = await StreamingAsync(rig, run, "clock_timestamp()", $"r.sent_lsn >= '{end}'");
        await StreamingAsync(rig, run, "r.pid", $"r.reply_time > '{sent}'::timestamptz + interval '2 s'");
    }

    // Waits until somebody streams from the slot, and names the server's process.
    static Task<string> ReaderAsync(RigCase rig, ProcessRun run) => StreamingAsync(rig, run, "r.pid", "true");

    // Waits until the server's process that streams to the run meets the condition.
    static async Task<string> StreamingAsync(RigCase rig, ProcessRun run, string wanted, string condition)
    {
        while (true)
        {
            var found = await rig.Cluster.QueryAsync(
                $"""
                select {wanted} from pg_replication_slots s join pg_stat_replication r on r.pid = s.active_pid
                where s.database = '{rig.Database}' and r.state = 'streaming' and {condition}
                """, rig.Database);
            if (found.Count > 0) return found[0][0]!;
            RigProcess.MustRun(run);
        }
    }
}
