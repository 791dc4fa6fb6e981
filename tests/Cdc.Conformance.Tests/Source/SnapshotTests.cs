using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Conformance.Tests.Source;

/// <summary>The snapshot and the stream behind it are one whole, and what can't be copied is said.</summary>
public sealed class SnapshotTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_table_is_copied_in_parts_that_hold_each_row_once()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE TABLE big (id int PRIMARY KEY, t text);
            INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i;
            """);
        await using PostgresSource source = fixture.Source(database, "parts");
        await using ISourceSnapshot snapshot = await source.StartAsync(new([]), Cancellation);
        SnapshotTable table = Assert.Single(snapshot.Tables);
        Assert.True(table.Parts > 10);

        HashSet<int> ids = [];
        HashSet<(CommitTs, uint)> positions = [];
        await Parallel.ForAsync(0, table.Parts, Cancellation, async (part, token) =>
        {
            await foreach (RowBatch batch in snapshot.ReadAsync(table, part, token))
            {
                lock (ids)
                {
                    foreach (Row row in batch)
                    {
                        Assert.Equal(Op.Snapshot, row.Op);
                        Assert.True(row.Stamp.Ts.Step >= CommitTs.FirstSnapshotStep && row.Stamp.Ts < snapshot.At);
                        Assert.True(positions.Add((row.Stamp.Ts, row.Sequence)));
                        Assert.True(ids.Add(int.Parse(ReadRows.Cells(row.New)[0]!)));
                    }
                }
                batch.Release();
            }
        });
        Assert.Equal(20_000, ids.Count);
    }

    [Fact]
    public async Task Rows_written_after_the_slot_come_from_the_stream_and_only_there()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)");
        await using PostgresSource source = fixture.Source(database, "whole");
        SchemaHistory history = new([]);
        CommitTs at;
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation))
        {
            await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (2)", database);
            Assert.Equal(["1"], (await ReadRows.OfAsync(snapshot, "a")).Select(r => r[0]));
            at = snapshot.At;
        }
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (3)", database);
        var streamed = await ReadRows.StreamToNowAsync(source, history, at);
        Assert.Equal(["2", "3"], streamed.Select(r => r.Cells[0]));
        Assert.Single(history.Latest());
    }

    [Theory]
    [InlineData("ALTER TABLE a ALTER id TYPE bigint")]
    [InlineData("TRUNCATE a; INSERT INTO a VALUES (1)")]
    [InlineData("ALTER TABLE a DROP COLUMN t")]
    [InlineData("ALTER TABLE a RENAME TO b")]
    [InlineData("ALTER TABLE a RENAME TO b; CREATE TABLE a (id int, t text)")]
    public async Task A_table_changed_before_its_lock_is_stopped_and_not_read_as_empty(string ddl)
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a VALUES (1)");
        await using PostgresSource source = fixture.Source(database, "rewritten_" + database);
        SchemaHistory history = new([]);
        SnapshotTable table;
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation))
        {
            await fixture.Cluster.ExecuteAsync(ddl, database);
            table = Assert.Single(snapshot.Tables);
            CdcException stopped = await Assert.ThrowsAsync<CdcException>(() => ReadRows.OfAsync(snapshot, "a"));
            Assert.Equal(FailureKind.TableStopped, stopped.Kind);
            Assert.Contains("public.a", stopped.Message, StringComparison.Ordinal);
        }
        await using ISourceSnapshot again = await source.SnapshotAsync(history, [table.Schema.Id], Cancellation);
        Assert.Equal(table.Schema.Id, Assert.Single(again.Tables).Schema.Id);
        string name = again.Tables[0].Schema.Name.Name;
        Assert.Equal(["1"], (await ReadRows.OfAsync(again, name)).Select(r => r[0]));
    }

    [Fact]
    public async Task A_table_dropped_before_its_copy_is_stopped_and_then_left_out()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        TestLog log = new();
        await using PostgresSource source = fixture.Source(database, "dropped", log: log);
        SchemaHistory history = new([]);
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation))
        {
            await fixture.Cluster.ExecuteAsync("DROP TABLE a", database);
            CdcException stopped = await Assert.ThrowsAsync<CdcException>(() => ReadRows.OfAsync(snapshot, "a"));
            Assert.Equal(FailureKind.TableStopped, stopped.Kind);
        }
        await using ISourceSnapshot again =
            await source.SnapshotAsync(history, [.. history.Latest().Select(t => t.Id)], Cancellation);
        Assert.Equal("b", Assert.Single(again.Tables).Schema.Name.Name);
        Assert.Contains(log.Lines, line => line.Contains("dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Making_the_slot_says_which_process_it_waits_for()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using NpgsqlConnection older = await fixture.Cluster.OpenAsync(database);
        await using NpgsqlTransaction transaction = await older.BeginTransactionAsync(Cancellation);
        await using NpgsqlCommand insert = new("INSERT INTO a VALUES (1)", older, transaction);
        await insert.ExecuteNonQueryAsync(Cancellation);

        TestLog log = new();
        await using PostgresSource source = fixture.Source(database, "waiting", log: log);
        Task<ISourceSnapshot> starting = source.StartAsync(new([]), Cancellation).AsTask();
        string process = $"process {older.ProcessID} of role postgres, open since ";
        while (!source.Status.Doing.Contains(process, StringComparison.Ordinal))
        {
            Assert.False(starting.IsCompleted);
            await Task.Yield();
        }
        await transaction.CommitAsync(Cancellation);
        await using ISourceSnapshot snapshot = await starting;
        Assert.Equal(["1"], (await ReadRows.OfAsync(snapshot, "a")).Select(r => r[0]));
        Assert.Contains(log.Lines, line => line.Contains(process, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Partitions_are_tables_and_their_root_has_no_parts()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE TABLE root (id int PRIMARY KEY, t text) PARTITION BY RANGE (id);
            CREATE TABLE low PARTITION OF root FOR VALUES FROM (0) TO (10);
            CREATE TABLE high PARTITION OF root FOR VALUES FROM (10) TO (20);
            CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
            CREATE UNLOGGED TABLE quick (id int PRIMARY KEY);
            CREATE VIEW seen AS SELECT * FROM root;
            CREATE TABLE empty ();
            INSERT INTO root VALUES (1, 'a'), (11, 'b');
            INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);
            INSERT INTO empty DEFAULT VALUES;
            """);
        await using PostgresSource source = fixture.Source(database, "leaves");
        SchemaHistory history = new([]);
        await using ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        Assert.Equal(["child", "empty", "high", "low", "parent", "root"], snapshot.Tables.Select(t => t.Schema.Name.Name));
        Assert.Equal(0, snapshot.Tables[^1].Parts);
        Assert.Equal(["11"], (await ReadRows.OfAsync(snapshot, "high")).Select(r => r[0]));
        Assert.Equal(["1"], (await ReadRows.OfAsync(snapshot, "parent")).Select(r => r[0]));
        Assert.Single(await ReadRows.OfAsync(snapshot, "empty"));

        await fixture.Cluster.ExecuteAsync("UPDATE root SET id = 12 WHERE id = 1", database);
        var streamed = await ReadRows.StreamToNowAsync(source, history, snapshot.At);
        Assert.Equal([("low", Op.Delete, "1"), ("high", Op.Insert, "12")], streamed.Select(r => (r.Table, r.Op, r.Cells[0]!)));
    }
}
