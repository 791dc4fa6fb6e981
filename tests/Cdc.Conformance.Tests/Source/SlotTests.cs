using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Conformance.Tests.Source;

/// <summary>The slot: who has it, how far it is, what stays of it.</summary>
public sealed class SlotTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_tell_the_slot_apart_in_all_its_states()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "states", slotWait: TimeSpan.Zero);
        Assert.Equal(PositionState.Absent, (await source.InspectAsync(Cancellation)).Position.State);

        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        SourceFacts held = await source.InspectAsync(Cancellation);
        Assert.Equal((PositionState.Held, snapshot.At), (held.Position.State, held.Position.Confirmed));
        Assert.True(held.LogEnd >= snapshot.At);
        Assert.Equal(1u, held.Identity.Timeline);
        Assert.Equal(database, held.Identity.Database);
        Assert.NotEmpty(source.LeftBehind);

        StreamStart start = new(snapshot.At, snapshot.At, history, new Dictionary<TableId, CommitTs>());
        await using IAsyncEnumerator<SourceEvent> reading = source.StreamAsync(start, Cancellation).GetAsyncEnumerator(Cancellation);
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (1)", database);
        Assert.True(await reading.MoveNextAsync());
        HeldPosition busy = (await source.InspectAsync(Cancellation)).Position;
        Assert.Equal(PositionState.Busy, busy.State);

        await using PostgresSource second = fixture.Source(database, "states", slotWait: TimeSpan.FromMilliseconds(1));
        CdcException refused = await Assert.ThrowsAsync<CdcException>(
            () => ReadRows.StreamToNowAsync(second, history, snapshot.At));
        Assert.Equal(FailureKind.PositionBusy, refused.Kind);
        Assert.Contains(busy.Statement!, refused.Fix!, StringComparison.Ordinal);

        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        refused = await Assert.ThrowsAsync<CdcException>(() => cleanup.RunAsync("states", force: false, Cancellation));
        Assert.Equal(FailureKind.PositionBusy, refused.Kind);
        await cleanup.RunAsync("states", force: true, Cancellation);
        Assert.Equal(PositionState.Absent, (await source.InspectAsync(Cancellation)).Position.State);
    }

    [Fact]
    public async Task Settling_moves_the_slot_to_what_was_confirmed()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "settled");
        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (1)", database);
        CommitTs mark = (await source.MarkAsync(Cancellation))!.Value;
        CommitTs last = default;
        StreamStart start = new(snapshot.At, snapshot.At, history, new Dictionary<TableId, CommitTs>());
        await foreach (SourceEvent @event in source.StreamAsync(start, Cancellation))
        {
            if (@event is SourceEvent.Rows rows) rows.Batch.Release();
            if (@event is SourceEvent.Resolved resolved && (last = resolved.At) >= mark) break;
        }
        source.Confirm(last);
        await source.SettleAsync(Cancellation);
        HeldPosition held = (await source.InspectAsync(Cancellation)).Position;
        Assert.Equal((PositionState.Held, last), (held.State, held.Confirmed));
    }

    [Fact]
    public async Task A_temporary_slot_streams_on_its_own_connection_and_leaves_nothing()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)");
        await using PostgresSource source = fixture.Source(database, "passing", temporary: true);
        SchemaHistory history = new([]);
        CommitTs at;
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation))
        {
            Assert.Single(await ReadRows.OfAsync(snapshot, "a"));
            at = snapshot.At;
        }
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (2)", database);
        Assert.Equal(["2"], (await ReadRows.StreamToNowAsync(source, history, at)).Select(r => r.Cells[0]));
        await source.SettleAsync(Cancellation);
        Assert.Empty(source.LeftBehind);
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        Assert.Empty((await cleanup.PlanAsync("passing", Cancellation)).Statements);
    }

    [Fact]
    public async Task An_idle_source_is_marked_so_that_its_position_moves_on()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "beats", heartbeat: TimeSpan.FromMilliseconds(50));
        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        StreamStart start = new(snapshot.At, snapshot.At, history, new Dictionary<TableId, CommitTs>());
        CommitTs first = default;
        await foreach (SourceEvent @event in source.StreamAsync(start, Cancellation))
        {
            CommitTs at = Assert.IsType<SourceEvent.Resolved>(@event).At;
            if (first == default) first = at;
            else if (at > first) break;
        }
    }

    [Fact]
    public async Task A_slot_whose_log_was_removed_is_lost_and_not_held()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "lost");
        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        await fixture.Cluster.ExecuteAsync("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
        await fixture.Cluster.ExecuteAsync("SELECT pg_reload_conf()");
        try
        {
            while ((await source.InspectAsync(Cancellation)).Position.State != PositionState.Lost)
            {
                await fixture.Cluster.ExecuteAsync("INSERT INTO a SELECT 1 + COALESCE(max(id), 0) FROM a", database);
                await fixture.Cluster.ExecuteAsync("SELECT pg_switch_wal()");
                await fixture.Cluster.ExecuteAsync("CHECKPOINT");
            }
        }
        finally
        {
            await fixture.Cluster.ExecuteAsync("ALTER SYSTEM RESET max_slot_wal_keep_size");
            await fixture.Cluster.ExecuteAsync("SELECT pg_reload_conf()");
        }
        CdcException lost = await Assert.ThrowsAsync<CdcException>(
            () => ReadRows.StreamToNowAsync(source, history, snapshot.At));
        Assert.Equal(FailureKind.PositionLost, lost.Kind);
    }

    [Fact]
    public async Task A_cancelled_start_leaves_no_half_made_slot()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using NpgsqlConnection older = await fixture.Cluster.OpenAsync(database);
        await using NpgsqlTransaction transaction = await older.BeginTransactionAsync(Cancellation);
        await using NpgsqlCommand insert = new("INSERT INTO a VALUES (1)", older, transaction);
        await insert.ExecuteNonQueryAsync(Cancellation);

        await using PostgresSource source = fixture.Source(database, "halfway");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<ISourceSnapshot> starting = source.StartAsync(new([]), stop.Token).AsTask();
        while (!source.Status.Doing.Contains("waiting for", StringComparison.Ordinal))
        {
            Assert.False(starting.IsCompleted);
            await Task.Yield();
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        // The older transaction is still open: it is our end that ends the wait.
        while (await fixture.Cluster.ScalarAsync(
            "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cdc_halfway'") != "0")
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_slot_that_a_connection_of_ours_left_without_the_servers_notice_is_replaced_at_once()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        // As long as it takes: whoever only waits for the slot waits for ever.
        await using PostgresSource source =
            fixture.Source(database, "left", temporary: true, slotWait: TimeSpan.FromHours(1));
        ISourceSnapshot lost = await source.StartAsync(new([]), Cancellation);
        Task<ISourceSnapshot> again = source.StartAsync(new([]), Cancellation).AsTask();
        await using ISourceSnapshot snapshot = await again.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.True(snapshot.At >= lost.At);
        await lost.DisposeAsync();
    }

    [Fact]
    public async Task A_copys_slot_that_another_connection_still_has_is_waited_for()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)");
        await using PostgresSource source = fixture.Source(database, "again", slotWait: TimeSpan.FromHours(1));
        SchemaHistory history = new([]);
        await (await source.StartAsync(history, Cancellation)).DisposeAsync();
        Task<ISourceSnapshot> copying;
        using (PgConnection other = PgConnection.Connect(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)).Endpoint, new() { Replication = true }, Cancellation))
        {
            other.Query("CREATE_REPLICATION_SLOT cdc_again_copy TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT");
            copying = source.SnapshotAsync(history, [history.Latest()[0].Id], Cancellation).AsTask();
            string waits = $"waiting for slot cdc_again_copy, which process {other.BackendProcessId} uses";
            while (source.Status.Doing != waits)
            {
                if (copying.IsCompleted) await copying;
                await Task.Yield();
            }
        }
        await using ISourceSnapshot snapshot = await copying;
        Assert.Single(await ReadRows.OfAsync(snapshot, "a"));
        Assert.DoesNotContain("slot", source.Status.Doing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Going_on_with_other_patterns_publishes_them_and_says_what_is_not_copied()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        SchemaHistory history = new([]);
        CommitTs at;
        await using (PostgresSource first = fixture.Source(database, "wider", tables: "public.a"))
        {
            ISourceSnapshot snapshot = await first.StartAsync(history, Cancellation);
            at = snapshot.At;
            await snapshot.DisposeAsync();
        }
        TestLog log = new();
        await using PostgresSource second = fixture.Source(database, "wider", log: log);
        Assert.Empty(await ReadRows.StreamToNowAsync(second, history, at));
        await fixture.Cluster.ExecuteAsync("INSERT INTO b VALUES (1)", database);
        Assert.Equal(["b"], (await ReadRows.StreamToNowAsync(second, history, at)).Select(r => r.Table));
        Assert.Contains(log.Lines, line => line.Contains("public.b was not published before", StringComparison.Ordinal));
    }
}
