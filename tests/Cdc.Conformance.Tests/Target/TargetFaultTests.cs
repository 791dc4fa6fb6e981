using System.Collections.Immutable;
using Cdc.Engine;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Cdc.Protocol;
using Cdc.Sinks.Tests;
using Cdc.Testing;
using Npgsql;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Other owners, lost connections, servers that crash, and transactions larger than a batch.</summary>
public sealed class TargetFaultTests(TargetServer server) : IClassFixture<TargetServer>, IAsyncLifetime
{
    static readonly CancellationToken Never = CancellationToken.None;

    readonly Feed _feed = new();
    string _database = "";

    public async ValueTask InitializeAsync()
    {
        _database = await server.NewDatabaseAsync();
        // With a key, so that a row written twice could not stay unseen.
        await ExecuteAsync("CREATE TABLE orders (id text PRIMARY KEY); CREATE TABLE items (id text PRIMARY KEY)");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_owner_that_was_overtaken_commits_nothing_more()
    {
        await using PostgresSink first = server.Open(_database);
        await first.ClaimAsync(Claim(1), Never);
        await WriteAsync(first, 10);
        await first.FlushAsync(Never);
        await using PostgresSink second = server.Open(_database);
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(Feed.At(10), progress!.Position);
        await WriteAsync(first, 20);
        CdcException fenced = await Assert.ThrowsAsync<CdcException>(async () => await first.FlushAsync(Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        await WriteAsync(second, 20);
        await second.FlushAsync(Never);
        Assert.Equal("2", await CountAsync());
    }

    [Fact]
    public async Task A_claim_of_an_owner_that_is_not_larger_is_refused()
    {
        await using PostgresSink first = server.Open(_database);
        await first.ClaimAsync(Claim(2), Never);
        await using PostgresSink second = server.Open(_database);
        CdcException fenced =
            await Assert.ThrowsAsync<CdcException>(async () => await second.ClaimAsync(Claim(2), Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
    }

    [Fact]
    public async Task A_table_copy_of_an_overtaken_owner_never_shows()
    {
        await using PostgresSink first = server.Open(_database);
        await first.ClaimAsync(Claim(1), Never);
        await using ITableCopy copy = await first.CopyAsync(Feed.Orders, Feed.At(5), Never);
        foreach (RowBatch batch in _feed.Copied(Feed.Orders, 5, 0, 100)) await copy.WriteAsync(0, batch, Never);
        await using PostgresSink second = server.Open(_database);
        await second.ClaimAsync(Claim(2), Never);
        CdcException fenced = await Assert.ThrowsAsync<CdcException>(async () => await copy.CompleteAsync(Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        Assert.Equal("0", await CountAsync());
    }

    [Fact]
    public async Task A_copy_that_was_not_completed_is_begun_anew()
    {
        await using PostgresSink first = server.Open(_database);
        await first.ClaimAsync(Claim(1), Never);
        await using (ITableCopy copy = await first.CopyAsync(Feed.Orders, Feed.At(5), Never))
        {
            foreach (RowBatch batch in _feed.Copied(Feed.Orders, 5, 0, 100)) await copy.WriteAsync(0, batch, Never);
        }
        await using PostgresSink second = server.Open(_database);
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Empty(progress!.Copied);
        await using ITableCopy again = await second.CopyAsync(Feed.Orders, Feed.At(7), Never);
        foreach (RowBatch batch in _feed.Copied(Feed.Orders, 7, 0, 50)) await again.WriteAsync(0, batch, Never);
        await again.CompleteAsync(Never);
        Assert.Equal("50", await CountAsync());
        progress = await second.ProgressAsync(Never);
        Assert.Equal(Feed.At(7), progress!.Copied[Feed.Orders.Id]);
        Assert.Equal(Feed.Orders.Columns, Assert.Single(progress.Schemas).Columns);
    }

    [Fact]
    public async Task A_transaction_larger_than_a_batch_becomes_visible_at_once()
    {
        const int Rows = 20_000;
        await using PostgresSink sink = server.Open(_database, batchBytes: 4096);
        await sink.ClaimAsync(Claim(1), Never);
        List<RowBatch> batches =
            _feed.Batches(new Feed.Transaction(10, Rows), [.. Enumerable.Range(1, 200).Select(i => i * 100)]);
        await sink.WriteAsync(batches.ToArray(), Never);
        // A flush of what is resolved, which is nothing, comes after everything that was written.
        await sink.FlushAsync(Never);
        Assert.Equal("0", await CountAsync());
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        Assert.Equal($"{Rows}", await CountAsync());
    }

    [Fact]
    public async Task Lost_connections_lose_and_double_nothing()
    {
        await using PostgresSink sink = server.Open(_database);
        await sink.ClaimAsync(Claim(1), Never);
        Task killing = KillAsync(times: 10);
        ulong commit = 0;
        while (!killing.IsCompleted)
        {
            commit++;
            await sink.WriteAsync(_feed.Batches(new Feed.Transaction(commit, 3)).ToArray(), Never);
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        await killing;
        await sink.FlushAsync(Never);
        Assert.Equal($"{3 * commit}", await CountAsync());
        Assert.Equal(Feed.At(commit), (await sink.ProgressAsync(Never))!.Position);
    }

    [Fact]
    public async Task What_a_lost_connection_left_under_way_is_not_done_besides()
    {
        // Without a key, so that a row written twice is there twice.
        await ExecuteAsync("ALTER TABLE orders DROP CONSTRAINT orders_pkey");
        await using HalfOpenLine line = new(server.Cluster.Port);
        string url = server.Cluster.UrlFor(_database).Replace(
            $":{server.Cluster.Port}/", $":{line.Port}/", StringComparison.Ordinal);
        await using PostgresSink sink = new(new() { Address = PostgresAddress.Parse(url), Name = "orders" });
        await sink.ClaimAsync(Claim(1), Never);
        await WriteAsync(sink, 10);
        await sink.FlushAsync(Never);
        await using (NpgsqlConnection user = await server.Cluster.OpenAsync(_database))
        {
            await using NpgsqlTransaction holding = await user.BeginTransactionAsync(Never);
            await using (NpgsqlCommand hold = new("LOCK TABLE orders", user, holding)) await hold.ExecuteNonQueryAsync(Never);
            await WriteAsync(sink, 20);
            await WaitForAsync("1", "AND wait_event_type = 'Lock'");
            line.Cut();
            // The server has noticed nothing: what was sent waits beside what is sent again.
            await WaitForAsync("2", "AND wait_event_type = 'Lock'");
            await holding.RollbackAsync(Never);
        }
        await sink.FlushAsync(Never);
        await line.DisposeAsync();
        await WaitForAsync("0", "");
        Assert.Equal("2", await CountAsync());
    }

    async Task WaitForAsync(string sessions, string where)
    {
        while (await server.Cluster.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE "
            + $"datname = '{_database}' AND application_name = 'cdc' {where}") != sessions) await Task.Yield();
    }

    [Theory]
    [InlineData(Milestone.TargetCommitting)]
    [InlineData(Milestone.TargetCommitted)]
    public async Task A_commit_whose_outcome_is_unknown_is_found_out(Milestone at)
    {
        KillingMilestones milestones = new(at, () => KillAsync(times: 1));
        await using PostgresSink sink = server.Open(_database, milestones: milestones);
        await sink.ClaimAsync(Claim(1), Never);
        for (ulong commit = 1; commit <= 5; commit++)
        {
            await WriteAsync(sink, commit);
            await sink.FlushAsync(Never);
        }
        Assert.True(milestones.Kills >= 3);
        Assert.Equal("5", await CountAsync());
    }

    [Fact]
    public async Task Nothing_is_acknowledged_that_a_crash_of_the_server_can_take_back()
    {
        await using TargetServer own = new();
        await own.InitializeAsync();
        Heard heard = new();
        ulong commit = 0;
        await using (PostgresSink sink = own.Open("postgres"))
        {
            await sink.ClaimAsync(Claim(1), Never);
            while (heard.Flushes.Length < 50)
            {
                commit++;
                RowBatch[] batches = [.. _feed.Batches(new Feed.Transaction(commit, 1))];
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
            await WriteAsync(sink, commit);
            await sink.FlushAsync(Never);
            await WriteAsync(sink, commit + 1);
            while (await cluster.ScalarAsync($"SELECT count(*) FROM orders WHERE id = 'value-{commit + 1}-0'") == "0")
                await Task.Yield();
            await cluster.KillAsync();
            await cluster.StartAgainAsync();
            string? kept = await cluster.ScalarAsync($"SELECT count(*) FROM orders WHERE id = 'value-{commit + 1}-0'");
            if (kept != "0") continue;
            await WriteAsync(sink, commit + 2);
            CdcException forgotten =
                await Assert.ThrowsAsync<CdcException>(async () => await sink.FlushAsync(Never));
            Assert.Equal(FailureKind.SinkUnreachable, forgotten.Kind);
            Assert.Contains("came back with what it had", forgotten.Message, StringComparison.Ordinal);
            Assert.Equal("0", await cluster.ScalarAsync(
                $"SELECT count(*) FROM orders WHERE id = 'value-{commit + 2}-0'"));
            Assert.Equal(Feed.At(commit), (await TargetServer.Open(cluster, "postgres").ProgressAsync(Never))!.Position);
            return;
        }
    }

    [Fact]
    public async Task A_truncate_is_done_once()
    {
        await using PostgresSink first = server.Open(_database);
        await first.ClaimAsync(Claim(1), Never);
        Assert.Equal(BlockOutcome.Written, await first.ExecuteAsync(Feed.Truncate(20), Never));
        await WriteAsync(first, 30);
        await first.FlushAsync(Never);
        await using PostgresSink second = server.Open(_database);
        await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(BlockOutcome.AlreadyRecorded, await second.ExecuteAsync(Feed.Truncate(20), Never));
        Assert.Equal("1", await CountAsync());
    }

    [Fact]
    public async Task DDL_of_an_overtaken_owner_never_happens()
    {
        await using PostgresSink first = server.Open(_database);
        await first.ClaimAsync(Claim(1), Never);
        await using PostgresSink second = server.Open(_database);
        await second.ClaimAsync(Claim(2), Never);
        CdcException fenced = await Assert.ThrowsAsync<CdcException>(async () => await first.ExecuteAsync(DropItems(20), Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        Assert.Equal("0", await server.Cluster.ScalarAsync("SELECT count(*) FROM items", _database));
        Assert.Equal(BlockOutcome.Written, await second.ExecuteAsync(DropItems(20), Never));
    }

    [Fact]
    public async Task DDL_that_the_target_refuses_leaves_no_record_and_is_done_when_it_can_be()
    {
        await ExecuteAsync("CREATE VIEW mine AS SELECT * FROM items");
        await using (PostgresSink first = server.Open(_database))
        {
            await first.ClaimAsync(Claim(1), Never);
            await WriteAsync(first, 10);
            await first.FlushAsync(Never);
            CdcException refused = await Assert.ThrowsAsync<CdcException>(async () => await first.ExecuteAsync(DropItems(20), Never));
            Assert.Equal(FailureKind.TableStopped, refused.Kind);
            Assert.Contains("(2BP01)", refused.Message, StringComparison.Ordinal);
            Assert.StartsWith("Something that only the target has depends on it.", refused.Fix, StringComparison.Ordinal);
        }
        await ExecuteAsync("DROP VIEW mine");
        await using PostgresSink second = server.Open(_database);
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(Feed.At(10), progress!.Position);
        Assert.Equal(BlockOutcome.Written, await second.ExecuteAsync(DropItems(20), Never));
        Assert.Equal(BlockOutcome.AlreadyRecorded, await second.ExecuteAsync(DropItems(20), Never));
        Assert.Null(await server.Cluster.ScalarAsync("SELECT to_regclass('items')", _database));
    }

    [Fact]
    public async Task DDL_that_we_refuse_leaves_no_record()
    {
        await using (PostgresSink first = server.Open(_database))
        {
            await first.ClaimAsync(Claim(1), Never);
            // Of such a table nobody knows how it is made.
            DdlEvent unknown = Ddl(20, new SchemaChange.TableAltered(Feed.Items, Feed.Items, TableRewrite.None));
            CdcException refused = await Assert.ThrowsAsync<CdcException>(async () => await first.ExecuteAsync(unknown, Never));
            Assert.Equal(FailureKind.SinkUnfit, refused.Kind);
        }
        await using PostgresSink second = server.Open(_database);
        await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(BlockOutcome.Written, await second.ExecuteAsync(DropItems(20), Never));
    }

    [Fact]
    public async Task DDL_whose_connection_is_lost_while_it_waits_is_done_on_another()
    {
        await using NpgsqlConnection user = await server.Cluster.OpenAsync(_database);
        await using NpgsqlTransaction reading = await user.BeginTransactionAsync(Never);
        await using (NpgsqlCommand look = new("SELECT count(*) FROM items", user, reading)) await look.ExecuteScalarAsync(Never);
        await using PostgresSink sink = server.Open(_database);
        await sink.ClaimAsync(Claim(1), Never);
        Task<BlockOutcome> dropping = sink.ExecuteAsync(DropItems(20), Never).AsTask();
        string? ended;
        do
        {
            ended = await server.Cluster.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                + $"WHERE datname = '{_database}' AND application_name = 'cdc' AND wait_event_type = 'Lock'");
        }
        while (ended == "0" && !dropping.IsCompleted);
        await reading.RollbackAsync(Never);
        Assert.Equal(BlockOutcome.Written, await dropping);
        Assert.Null(await server.Cluster.ScalarAsync("SELECT to_regclass('items')", _database));
    }

    static DdlEvent DropItems(ulong commit) => Ddl(commit, new SchemaChange.TableDropped(Feed.Items));

    static DdlEvent Ddl(ulong commit, SchemaChange change)
    {
        CommitTs at = new(commit, 1);
        return new(new(new(at, false), new Influence.All()), Feed.Stamp(commit) with { Ts = at }, "DROP TABLE", [change]);
    }

    [Fact]
    public async Task A_target_that_refuses_us_is_told_from_one_that_is_away()
    {
        await using PostgresSink refused = server.Open("not_there");
        CdcException failure = await Assert.ThrowsAsync<CdcException>(async () => await refused.ProgressAsync(Never));
        Assert.Equal(FailureKind.SinkRefused, failure.Kind);
        string url = server.Cluster.UrlFor(_database).Replace($":{server.Cluster.Port}/", ":1/", StringComparison.Ordinal);
        await using PostgresSink away = new(new() { Address = PostgresAddress.Parse(url), Name = "orders" });
        failure = await Assert.ThrowsAsync<CdcException>(async () => await away.ProgressAsync(Never));
        Assert.Equal(FailureKind.SinkUnreachable, failure.Kind);
    }

    [Fact]
    public async Task A_constraint_that_is_checked_at_the_end_is_named_with_its_table()
    {
        await ExecuteAsync("ALTER TABLE orders ADD x int DEFAULT 1, ADD CONSTRAINT once UNIQUE (x) DEFERRABLE INITIALLY DEFERRED; "
            + "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE orders ENABLE ALWAYS TRIGGER %I', tgname) FROM pg_trigger "
            + "WHERE tgrelid = 'orders'::regclass); END $$");
        await using PostgresSink sink = server.Open(_database);
        await sink.ClaimAsync(Claim(1), Never);
        await sink.WriteAsync(_feed.Batches(new Feed.Transaction(10, 2)).ToArray(), Never);
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        CdcException stopped = await Assert.ThrowsAsync<CdcException>(async () => await sink.FlushAsync(Never));
        Assert.Equal(FailureKind.TableStopped, stopped.Kind);
        Assert.Equal($"The target refuses what was written up to {Feed.At(10)}: rows of table public.orders break "
            + "constraint once, which is checked at the end of a transaction (23505).", stopped.Message);
        Assert.Equal("0", await CountAsync());
    }

    static SinkClaim Claim(ulong epoch) => new("orders", Feed.Source, TableSpan.Everything, new(epoch, 1));

    async Task WriteAsync(PostgresSink sink, ulong commit)
    {
        await sink.WriteAsync(_feed.Batches(new Feed.Transaction(commit, 1)).ToArray(), Never);
        await sink.ResolveAsync(Feed.Stamp(commit), Never);
    }

    // Every session of ours that writes, wherever it is.
    async Task KillAsync(int times)
    {
        for (int killed = 0; killed < times;)
        {
            string? ended = await server.Cluster.ScalarAsync("SELECT count(pg_terminate_backend(pid)) "
                + $"FROM pg_stat_activity WHERE datname = '{_database}' AND application_name = 'cdc'");
            if (ended != "0") killed++;
        }
    }

    Task ExecuteAsync(string sql) => server.Cluster.ExecuteAsync(sql, _database);

    Task<string?> CountAsync() => server.Cluster.ScalarAsync("SELECT count(*) FROM orders", _database);

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
