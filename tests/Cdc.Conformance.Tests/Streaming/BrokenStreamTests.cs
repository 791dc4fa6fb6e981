using Cdc.Engine.Failures;
using Cdc.Engine.Sources;
using Cdc.Postgres.Streaming;
using Cdc.Protocol;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Streaming;

public sealed class BrokenStreamTests(StreamServer server) : IClassFixture<StreamServer>
{
    const string OneTable = "CREATE TABLE a (id int PRIMARY KEY, v text)";

    static async Task<CdcException> FailureOf(StreamCase @case, List<StreamLine>? lines = null)
    {
        await using LogStream stream = @case.Open();
        return await Assert.ThrowsAsync<CdcException>(async () =>
        {
            await foreach (SourceEvent @event in stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken))
                lines?.AddRange(StreamCase.Take(@event));
        });
    }

    [Fact]
    public async Task A_cut_connection_comes_after_everything_complete_and_the_next_stream_goes_on()
    {
        await using StreamCase @case = await server.PrepareAsync(OneTable);
        for (int i = 0; i < 20; i++)
        {
            await @case.ExecuteAsync(
                $"INSERT INTO a SELECT {i} * 1000 + g, repeat('x', 500) FROM generate_series(1, 1000) g");
        }
        List<StreamLine> all = await @case.ReadAsync();
        List<StreamLine> got = [];
        CommitTs resolved = CommitTs.Zero;
        while (got.Count < all.Count)
        {
            await using LogStream stream = @case.Open();
            int before = got.Count;
            CdcException failure = await Assert.ThrowsAsync<CdcException>(async () =>
            {
                IAsyncEnumerable<SourceEvent> events =
                    stream.ReadAsync(@case.Start(resolved), TestContext.Current.CancellationToken);
                await foreach (SourceEvent @event in events)
                {
                    got.AddRange(StreamCase.Take(@event));
                    if (@event is not SourceEvent.Resolved at) continue;
                    resolved = at.At;
                    if (got.Count > before)
                    {
                        // Until it is gone: the next stream would find the slot busy.
                        await @case.ExecuteAsync(
                            "SELECT pg_terminate_backend(active_pid, 30000) FROM pg_replication_slots "
                            + $"WHERE slot_name = '{@case.Slot}'");
                    }
                }
            });
            Assert.Equal(FailureKind.SourceUnreachable, failure.Kind);
            Assert.True(got.Count == 0 || got[^1].At <= resolved);
        }
        Assert.Equal(all, got);
    }

    [Fact]
    public async Task A_missing_slot_is_a_lost_position()
    {
        await using StreamCase @case = await server.PrepareAsync(OneTable);
        await @case.ExecuteAsync($"SELECT pg_drop_replication_slot('{@case.Slot}')");
        CdcException failure = await FailureOf(@case);
        Assert.Equal(FailureKind.PositionLost, failure.Kind);
        Assert.NotNull(failure.Fix);
    }

    [Fact]
    public async Task A_slot_in_use_names_its_process_and_how_to_end_it()
    {
        await using StreamCase @case = await server.PrepareAsync(OneTable);
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        await using LogStream stream = @case.Open();
        await using IAsyncEnumerator<SourceEvent> events =
            stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken)
                .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());
        StreamCase.Take(events.Current);
        string pid = await @case.ScalarAsync(
            $"SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{@case.Slot}'");
        CdcException failure = await FailureOf(@case);
        Assert.Equal(FailureKind.PositionBusy, failure.Kind);
        Assert.Contains($"pg_terminate_backend({pid})", failure.Fix);
    }

    [Fact]
    public async Task A_missing_publication_is_named_with_the_ways_out()
    {
        await using StreamCase @case = await server.PrepareAsync(OneTable);
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        @case.Publication = "nobody's";
        CdcException failure = await FailureOf(@case);
        Assert.Equal(FailureKind.PositionLost, failure.Kind);
        Assert.Contains("nobody's", failure.Message);
        Assert.Contains("cdc drop", failure.Fix);
    }

    [Fact]
    public async Task A_slot_whose_log_was_removed_is_a_lost_position()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string>
            {
                ["max_slot_wal_keep_size"] = "'1MB'",
                ["min_wal_size"] = "'32MB'",
                ["max_wal_size"] = "'32MB'",
                ["fsync"] = "off",
            },
        });
        await cluster.CreateDatabaseAsync("lost");
        await using StreamCase @case = new(cluster, "lost");
        await @case.ExecuteAsync(OneTable + "; CREATE PUBLICATION pub FOR TABLE a");
        await @case.ExecuteAsync("SELECT pg_create_logical_replication_slot('lost', 'pgoutput')");
        while (await @case.ScalarAsync("SELECT wal_status FROM pg_replication_slots") != "lost")
        {
            await @case.ScalarAsync("SELECT pg_switch_wal() FROM (SELECT pg_logical_emit_message(false, 'x', 'x')) m");
            await @case.ExecuteAsync("CHECKPOINT");
        }
        CdcException failure = await FailureOf(@case);
        Assert.Equal(FailureKind.PositionLost, failure.Kind);
        Assert.NotNull(failure.Fix);
    }

    [Fact]
    public async Task A_server_that_shuts_down_is_unreachable_and_read_on_from_where_it_stopped()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync();
        await cluster.CreateDatabaseAsync("down");
        await using StreamCase @case = new(cluster, "down");
        await @case.ExecuteAsync(OneTable + "; CREATE PUBLICATION pub FOR TABLE a");
        await @case.ExecuteAsync("SELECT pg_create_logical_replication_slot('down', 'pgoutput')");
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        List<StreamLine> got = [];
        await using LogStream stream = @case.Open();
        Task? stopping = null;
        CdcException failure = await Assert.ThrowsAsync<CdcException>(async () =>
        {
            await foreach (SourceEvent @event in stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken))
            {
                got.AddRange(StreamCase.Take(@event));
                if (@event is not SourceEvent.Resolved resolved) continue;
                // The server waits until everything it has sent is confirmed.
                @case.Positions.Confirm(resolved.At);
                if (got.Count > 0) stopping ??= cluster.StopAsync();
            }
        });
        await stopping!;
        Assert.Equal(FailureKind.SourceUnreachable, failure.Kind);
        await cluster.StartAgainAsync();
        await @case.ExecuteAsync("INSERT INTO a VALUES (2, 'y')");
        Assert.Equal(["Insert a [2|y]"], (await @case.ReadAsync(got[^1].At)).Select(static line => line.Text));
    }
}
