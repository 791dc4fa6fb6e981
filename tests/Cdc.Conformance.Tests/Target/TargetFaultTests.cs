using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Target;
using Cdc.Sinks.Tests;
using Cdc.Testing;
using Npgsql;
using static Cdc.Conformance.Tests.Target.TargetCase;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Lost connections, and servers that crash or are away.</summary>
public sealed class TargetFaultTests(TargetServer server) : IClassFixture<TargetServer>
{
    [Fact]
    public async Task Lost_connections_lose_and_double_nothing()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink sink = test.Open();
        await sink.ClaimAsync(Claim(1), Never);
        Task killing = KillAsync(test, times: 10);
        ulong commit = 0;
        while (!killing.IsCompleted)
        {
            commit++;
            await sink.WriteAsync(test.Feed.Batches(new Feed.Transaction(commit, 3)).ToArray(), Never);
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        await killing;
        await sink.FlushAsync(Never);
        Assert.Equal($"{3 * commit}", await test.CountAsync());
        Assert.Equal(Feed.At(commit), (await sink.ProgressAsync(Never))!.Position);
    }

    [Fact]
    public async Task What_a_lost_connection_left_under_way_is_not_done_besides()
    {
        TargetCase test = await NewAsync(server);
        // Without a key, so that a row written twice is there twice.
        await test.ExecuteAsync("ALTER TABLE orders DROP CONSTRAINT orders_pkey");
        await using HalfOpenLine line = new(server.Cluster.Port);
        await using PostgresSink sink = test.OpenAt(line.Port);
        await sink.ClaimAsync(Claim(1), Never);
        await test.WriteAsync(sink, 10);
        await sink.FlushAsync(Never);
        await using (NpgsqlConnection user = await test.ConnectAsync())
        {
            await using NpgsqlTransaction holding = await user.BeginTransactionAsync(Never);
            await using (NpgsqlCommand hold = new("LOCK TABLE orders", user, holding))
                await hold.ExecuteNonQueryAsync(Never);
            await test.WriteAsync(sink, 20);
            await WaitForAsync(test, "1", "AND wait_event_type = 'Lock'");
            line.Cut();
            // The server has noticed nothing: what was sent waits beside what is sent again.
            await WaitForAsync(test, "2", "AND wait_event_type = 'Lock'");
            await holding.RollbackAsync(Never);
        }
        await sink.FlushAsync(Never);
        await line.DisposeAsync();
        await WaitForAsync(test, "0", "");
        Assert.Equal("2", await test.CountAsync());
    }

    [Theory]
    [InlineData(Milestone.TargetCommitting)]
    [InlineData(Milestone.TargetCommitted)]
    public async Task A_commit_whose_outcome_is_unknown_is_found_out(Milestone at)
    {
        TargetCase test = await NewAsync(server);
        KillingMilestones milestones = new(at, () => KillAsync(test, times: 1));
        await using PostgresSink sink = test.Open(milestones: milestones);
        await sink.ClaimAsync(Claim(1), Never);
        for (ulong commit = 1; commit <= 5; commit++)
        {
            await test.WriteAsync(sink, commit);
            await sink.FlushAsync(Never);
        }
        Assert.True(milestones.Kills >= 3);
        Assert.Equal("5", await test.CountAsync());
    }

    [Fact]
    public async Task Nothing_is_acknowledged_that_a_crash_of_the_server_can_take_back()
    {
        await using TargetServer own = new();
        await own.InitializeAsync();
        Feed feed = new();
        Heard heard = new();
        ulong commit = 0;
        await using (PostgresSink sink = own.Open("postgres"))
        {
            await sink.ClaimAsync(Claim(1), Never);
            while (heard.Flushes.Length < 50)
            {
                commit++;
                RowBatch[] batches = [.. feed.Batches(new Feed.Transaction(commit, 1))];
                foreach (RowBatch batch in batches) heard.Watch(batch);
                await sink.WriteAsync(batches, Never);
                await sink.ResolveAsync(Feed.Stamp(commit), Never);
                await Task.Yield();
            }
            await own.Cluster.KillAsync();
        }
        await own.Cluster.StartAgainAsync();
        string? rows = await own.Cluster.ScalarAsync("SELECT count(*) FROM orders");
        Assert.InRange(int.Parse(rows!), heard.Flushes.Length, (int)commit);
        await using PostgresSink next = own.Open("postgres");
        SinkProgress? progress = await next.ProgressAsync(Never);
        Assert.True(progress!.Position >= heard.Flushes[^1]);
        Assert.Equal($"{progress.Position.Commit}", rows);
    }

    [Fact]
    public async Task A_server_that_has_forgotten_a_commit_is_not_written_on_as_if_it_had_not()
    {
        TargetCase test = await NewAsync(server);
        // Commits stay off the disk for seconds, so that a crash takes them.
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(
            new() { Settings = new Dictionary<string, string> { ["wal_writer_delay"] = "'10s'" } });
        await cluster.ExecuteAsync("CREATE TABLE orders (id text PRIMARY KEY)");
        for (ulong epoch = 1; ; epoch++)
        {
            Assert.True(epoch < 10, "Nothing was ever lost.");
            ulong commit = 10 * epoch;
            await using PostgresSink sink = TargetServer.Open(cluster, "postgres");
            await sink.ClaimAsync(Claim(epoch), Never);
            await test.WriteAsync(sink, commit);
            await sink.FlushAsync(Never);
            await test.WriteAsync(sink, commit + 1);
            while (await cluster.ScalarAsync($"SELECT count(*) FROM orders WHERE id = 'value-{commit + 1}-0'") == "0")
                await Task.Yield();
            await cluster.KillAsync();
            await cluster.StartAgainAsync();
            string? kept = await cluster.ScalarAsync($"SELECT count(*) FROM orders WHERE id = 'value-{commit + 1}-0'");
            if (kept != "0") continue;
            await test.WriteAsync(sink, commit + 2);
            CdcException forgotten =
                await Assert.ThrowsAsync<CdcException>(async () => await sink.FlushAsync(Never));
            Assert.Equal(FailureKind.SinkUnreachable, forgotten.Kind);
            Assert.Contains("came back with what it had", forgotten.Message, StringComparison.Ordinal);
            Assert.Equal("0", await cluster.ScalarAsync(
                $"SELECT count(*) FROM orders WHERE id = 'value-{commit + 2}-0'"));
            SinkProgress? progress = await TargetServer.Open(cluster, "postgres").ProgressAsync(Never);
            Assert.Equal(Feed.At(commit), progress!.Position);
            return;
        }
    }

    [Fact]
    public async Task A_target_that_refuses_us_is_told_from_one_that_is_away()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink refused = server.Open("not_there");
        CdcException failure = await Assert.ThrowsAsync<CdcException>(async () => await refused.ProgressAsync(Never));
        Assert.Equal(FailureKind.SinkRefused, failure.Kind);
        await using PostgresSink away = test.OpenAt(1);
        failure = await Assert.ThrowsAsync<CdcException>(async () => await away.ProgressAsync(Never));
        Assert.Equal(FailureKind.SinkUnreachable, failure.Kind);
    }

    static async Task WaitForAsync(TargetCase test, string sessions, string where)
    {
        while (await test.CountSessionsAsync(where) != sessions) await Task.Yield();
    }

    // Every session of ours that writes, wherever it is.
    static async Task KillAsync(TargetCase test, int times)
    {
        for (int killed = 0; killed < times;)
        {
            if (await test.EndSessionsAsync() != "0") killed++;
        }
    }

    /// <summary>Cuts the connection each time a milestone is reached, until it was cut often enough.</summary>
    sealed class KillingMilestones(Milestone at, Func<Task> kill) : IMilestones
    {
        int _reached;
        int _kills;

        public int Kills => Volatile.Read(ref _kills);

        public void Reached(Milestone milestone)
        {
            // Every other time, so that the attempt after a cut gets through.
            if (milestone != at || Interlocked.Increment(ref _reached) % 2 == 0) return;
            kill().GetAwaiter().GetResult();
            Interlocked.Increment(ref _kills);
        }
    }
}
