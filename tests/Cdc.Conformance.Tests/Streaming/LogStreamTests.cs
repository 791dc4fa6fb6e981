using Cdc.Engine.Sources;
using Cdc.Postgres.Streaming;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Streaming;

public sealed class LogStreamTests(StreamServer server) : IClassFixture<StreamServer>
{
    const string TwoTables = "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text)";

    static IEnumerable<string> Texts(IEnumerable<StreamLine> lines) =>
        lines.Select(static line => $"{line.At.Step} {line.Text}");

    [Fact]
    public async Task A_transaction_with_truncates_and_changed_shapes_is_cut_the_same_on_every_replay()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        await @case.ExecuteAsync(
            """
            BEGIN; INSERT INTO a VALUES (2, NULL); INSERT INTO b VALUES (1, ''); ALTER TABLE a ADD w int DEFAULT 7;
            UPDATE a SET w = 8 WHERE id = 1; TRUNCATE a, b; INSERT INTO b VALUES (2, 'ü'); ALTER TABLE a DROP v;
            INSERT INTO a VALUES (3, 9); DELETE FROM a; COMMIT
            """);
        List<StreamLine> first = await @case.ReadAsync();
        // A table that nothing is known of begins with a step, as one that was created would.
        Assert.Equal(
            [
                "2 Insert a [1|x]",
                "0 Insert a [2|null]", "2 Insert b [1|]", "4 Update a [1|x|8]", "5 Truncate a,b", "6 Insert b [2|ü]",
                "8 Insert a [3|9]", "8 Delete a Key [3|null]",
            ], Texts(first));

        @case.History.Persisted(@case.History.Pending());
        Assert.Equal(first, await @case.ReadAsync());
        Assert.Empty(@case.History.Pending());
    }

    [Fact]
    public async Task A_server_that_says_nothing_by_itself_is_asked_how_far_it_is_if_somebody_waits_for_that()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        // It never says how far it is of its own accord.
        await @case.ExecuteAsync($"ALTER DATABASE {@case.Slot} SET wal_sender_timeout = 0");
        await @case.ExecuteAsync("CREATE TABLE elsewhere (); DROP TABLE elsewhere");
        CommitTs end = CommitTs.End(await @case.LogEndAsync());
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(
            TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        await using LogStream stream = @case.Open();
        // The server is told that we have all there is, so nothing makes it speak.
        @case.Positions.Known(end.Commit);
        await foreach (SourceEvent @event in stream.ReadAsync(@case.Start(isAwaited: true), limit.Token))
        {
            if (@event is SourceEvent.Resolved resolved && resolved.At >= end) return;
        }
        Assert.Fail("The stream ended.");
    }

    [Fact]
    public async Task Reading_on_from_any_position_brings_exactly_what_lies_behind_it()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        for (int i = 0; i < 5; i++)
        {
            await @case.ExecuteAsync(
                $"BEGIN; INSERT INTO a VALUES ({i}, 'x'); TRUNCATE b; INSERT INTO b VALUES ({i}, 'y'); "
                + $"ALTER TABLE a ADD c{i} int; UPDATE a SET id = id + 100, c{i} = 1; COMMIT");
        }
        List<StreamLine> all = await @case.ReadAsync();
        foreach (CommitTs at in all.Select(static line => line.At).Distinct())
        {
            Assert.Equal(all.Where(line => line.At > at), await @case.ReadAsync(at));
            Assert.Equal(all.Where(line => line.At >= at), await @case.ReadAsync(at.Previous));
        }
    }

    [Fact]
    public async Task A_key_change_of_a_row_with_an_out_of_line_value_stays_one_update()
    {
        await using StreamCase @case = await server.PrepareAsync(
            "CREATE TABLE a (id text PRIMARY KEY, big text, n int); ALTER TABLE a ALTER big SET STORAGE EXTERNAL;"
            + "INSERT INTO a VALUES ('a', repeat('x', 10000), 1)");
        await @case.ExecuteAsync("UPDATE a SET id = 'b'");
        await @case.ExecuteAsync("UPDATE a SET n = 2");
        await @case.ExecuteAsync(
            "ALTER TABLE a REPLICA IDENTITY FULL; UPDATE a SET id = 'c'; UPDATE a SET n = 3; DELETE FROM a");
        Assert.Equal(
            [
                "2 Update a Key [a|null|null] [b|same|1] KeyChanged, HasUnchanged",
                "0 Update a [b|same|2] HasUnchanged",
                "2 Update a Full [b|10000 bytes|2] [c|10000 bytes|2] KeyChanged",
                "2 Update a Full [c|10000 bytes|2] [c|10000 bytes|3]",
                "2 Delete a Full [c|10000 bytes|3]",
            ], Texts(await @case.ReadAsync()));
    }

    [Fact]
    public async Task A_transaction_larger_than_memory_comes_whole_and_leaves_nothing_on_the_disk()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync(
            "INSERT INTO a SELECT g, repeat('x', 100) FROM generate_series(1, 50000) g; TRUNCATE b; "
            + "UPDATE a SET id = id + 100000");
        List<StreamLine> whole = await @case.ReadAsync();
        Assert.Equal(100_001, whole.Count);
        @case.OpenTransactionBytes = 1 << 20;
        Assert.Equal(whole, await @case.ReadAsync());
        Assert.True(Directory.Exists(@case.SpillDirectory));
        Assert.Empty(Directory.GetFiles(@case.SpillDirectory));
    }

    [Fact]
    public async Task Work_that_is_not_published_is_resolved_by_keepalives()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("DROP PUBLICATION pub; CREATE PUBLICATION pub FOR TABLE a");
        await using LogStream stream = @case.Open();
        await using IAsyncEnumerator<SourceEvent> events =
            stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken)
                .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            await @case.ExecuteAsync($"INSERT INTO b VALUES ({i}, 'x')");
            CommitTs end = CommitTs.End(await @case.LogEndAsync());
            do Assert.True(await events.MoveNextAsync());
            while (((SourceEvent.Resolved)events.Current).At < end);
        }
    }

    [Fact]
    public async Task Confirmed_is_what_the_server_forgets_and_a_settled_slot_is_free()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        ulong end = await @case.MarkAsync();
        LogStream stream = @case.Open();
        await foreach (SourceEvent @event in stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken))
        {
            StreamCase.Take(@event);
            if (@event is not SourceEvent.Resolved resolved || resolved.At < CommitTs.End(end)) continue;
            @case.Positions.Confirm(resolved.At);
            break;
        }
        await stream.SettleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("f t", await @case.ScalarAsync(
            $"SELECT concat(active, ' ', confirmed_flush_lsn - '0/0' >= {end}) FROM pg_replication_slots "
            + $"WHERE slot_name = '{@case.Slot}'"));
        await stream.DisposeAsync();
        Assert.Empty(await @case.ReadAsync());
    }

    [Fact]
    public async Task A_stream_with_nothing_to_confirm_says_so_and_lets_the_server_shut_down()
    {
        // A server that shuts down waits until its readers have confirmed all that it sent.
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await using LogStream stream = @case.Open();
        await using IAsyncEnumerator<SourceEvent> events =
            stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken)
                .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        ValueTask<bool> next = events.MoveNextAsync();
        while (stream.Status.Doing != "waiting for the first change") await Task.Yield();
        await stream.SettleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("t", await @case.ScalarAsync(
            "SELECT coalesce(s.flush_lsn >= r.confirmed_flush_lsn, false) FROM pg_stat_replication s "
            + $"JOIN pg_replication_slots r ON r.active_pid = s.pid WHERE slot_name = '{@case.Slot}'"));
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        Assert.True(await next);
        StreamCase.Take(events.Current);
    }

    [Fact]
    public async Task A_checkpoint_inside_a_commit_record_loses_nothing()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        StreamLine row = Assert.Single(await @case.ReadAsync());
        // What a dispatcher says whose first batch is not durable.
        CommitTs checkpoint = new CommitTs(row.At.Commit, 0).Previous;
        @case.Positions.Confirm(checkpoint);
        await using (LogStream stream = @case.Open())
        {
            await foreach (SourceEvent @event in stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken))
            {
                StreamCase.Take(@event);
                @case.Positions.Confirm(checkpoint);
                if (@event is SourceEvent.Resolved resolved && resolved.At > row.At) break;
            }
            await stream.SettleAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal([row], await @case.ReadAsync(checkpoint));
    }

    [Fact]
    public async Task A_server_skips_a_transaction_when_it_is_told_the_inside_of_its_commit_record()
    {
        // Why SafePositions is there: should a server stop doing this, it is needless.
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("INSERT INTO a VALUES (1, 'x')");
        StreamLine row = Assert.Single(await @case.ReadAsync());
        using (PgConnection connection = @case.Options().Connect(TestContext.Current.CancellationToken))
        {
            PgCopyBoth copy = connection.StartReplication(
                $"START_REPLICATION SLOT {@case.Slot} LOGICAL 0/0 (proto_version '1', publication_names 'pub')");
            ulong inside = row.At.Commit - 1;
            copy.SendStatus(inside, inside, inside);
            Assert.True(copy.TryComplete(TimeSpan.FromSeconds(30)));
        }
        Assert.Empty(await @case.ReadAsync());
    }

    [Fact]
    public async Task A_receiver_that_stands_still_keeps_its_connection()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("INSERT INTO a SELECT g, repeat('x', 1000) FROM generate_series(1, 100000) g");
        await using LogStream stream = @case.Open();
        await using IAsyncEnumerator<SourceEvent> events =
            stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken)
                .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());
        int rows = StreamCase.Take(events.Current).Count();
        // Three times wal_sender_timeout, in which nobody takes anything: seen by the server's clock.
        string mine = "FROM pg_stat_replication s JOIN pg_replication_slots r ON r.active_pid = s.pid "
            + $"WHERE slot_name = '{@case.Slot}'";
        string started = await @case.ScalarAsync("SELECT now()::text");
        string heard = $"SELECT coalesce((SELECT reply_time > timestamptz '{started}' + interval '6 s' {mine}), false)";
        while (await @case.ScalarAsync(heard) != "t" || stream.Status.Doing != "waiting for the sink")
            Assert.Equal("1", await @case.ScalarAsync($"SELECT count(*) {mine}"));
        while (rows < 100_000 && await events.MoveNextAsync()) rows += StreamCase.Take(events.Current).Count();
        Assert.Equal(100_000, rows);
    }

    [Fact]
    public async Task Stopping_gives_all_memory_and_the_slot_back_whatever_waits()
    {
        await using StreamCase @case = await server.PrepareAsync(TwoTables);
        await @case.ExecuteAsync("INSERT INTO a SELECT g, repeat('x', 1000) FROM generate_series(1, 50000) g");
        await using (LogStream stream = @case.Open())
        {
            await foreach (SourceEvent @event in stream.ReadAsync(@case.Start(), TestContext.Current.CancellationToken))
            {
                StreamCase.Take(@event);
                break;
            }
        }
        Assert.Equal(50_000, (await @case.ReadAsync()).Count);
    }
}
