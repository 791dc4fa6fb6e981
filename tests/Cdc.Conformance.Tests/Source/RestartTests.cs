using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Conformance.Tests.Source;

/// <summary>What a run that goes on finds changed: tables, keys and patterns.</summary>
public sealed class RestartTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string NotPublished = "not published before";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_of_tables_that_wider_patterns_reach_come_from_then_on_and_their_old_rows_are_said_to_be_missing()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE TABLE a1 (id int PRIMARY KEY);
            CREATE TABLE s1 (id int PRIMARY KEY); INSERT INTO s1 VALUES (1);
            CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (7);
            """);
        SchemaHistory history = new([]);
        CommitTs at = await StartAsync(database, "wide", "public.a1", history);
        TestLog log = new();
        await using (PostgresSource wider = Source(database, "wide", "public.*", log))
            await ReadRows.StreamToNowAsync(wider, history, at);
        Assert.Equal(3, log.Lines.Count(line => line.Contains(NotPublished, StringComparison.Ordinal)));

        await fixture.Cluster.ExecuteAsync(
            "INSERT INTO s1 VALUES (2); INSERT INTO p VALUES (7); INSERT INTO a1 VALUES (3)", database);
        TestLog quiet = new();
        await using PostgresSource again = Source(database, "wide", "public.*", quiet);
        var rows = await ReadRows.StreamToNowAsync(again, history, at);
        Assert.Equal(["s1 2", "p1 7", "a1 3"], rows.Select(row => $"{row.Table} {row.Cells[0]}"));
        Assert.DoesNotContain(quiet.Lines, line => line.Contains(NotPublished, StringComparison.Ordinal));
        Assert.Equal(["a1", "p", "p1", "s1"], history.Latest().Select(t => t.Name.Name).Order());
    }

    [Fact]
    public async Task Rows_from_before_wider_patterns_stop_the_stream_with_a_way_that_leads_on()
    {
        // The schema is published whole for o*, so the server sends rows of t before any pattern reaches it.
        string database = await fixture.DatabaseAsync("CREATE TABLE o (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY)");
        SchemaHistory history = new([]);
        CommitTs at = await StartAsync(database, "ahead", "public.o*", history);
        await fixture.Cluster.ExecuteAsync("INSERT INTO t VALUES (1); INSERT INTO o VALUES (1)", database);
        foreach (string again in new[] { "at first", "and again" })
        {
            await using PostgresSource wider = Source(database, "ahead", "public.*", new());
            CdcException stopped = await Assert.ThrowsAsync<CdcException>(() => ReadRows.StreamToNowAsync(wider, history, at));
            Assert.Equal(FailureKind.SourceUnfit, stopped.Kind);
            Assert.Contains("Table public.t has rows in the log from before it was captured", stopped.Message, StringComparison.Ordinal);
            Assert.Contains("run with the former --tables and --until now", stopped.Fix, StringComparison.Ordinal);
            Assert.True(history.Latest().Count == 1, again);
        }
        // As it says: back, caught up, and further.
        await using (PostgresSource former = Source(database, "ahead", "public.o*", new()))
        {
            Assert.Equal("o", Assert.Single(await ReadRows.StreamToNowAsync(former, history, at)).Table);
            at = (await former.MarkAsync(Cancellation))!.Value;
        }
        await fixture.Cluster.ExecuteAsync("SELECT pg_replication_slot_advance('cdc_ahead', pg_current_wal_insert_lsn())", database);
        await using PostgresSource source = Source(database, "ahead", "public.*", new());
        Assert.Empty(await ReadRows.StreamToNowAsync(source, history, at));
        await fixture.Cluster.ExecuteAsync("INSERT INTO t VALUES (2)", database);
        Assert.Equal("t 2", Assert.Single((await ReadRows.StreamToNowAsync(source, history, at)).Select(r => $"{r.Table} {r.Cells[0]}")));
    }

    [Fact]
    public async Task Tables_that_are_published_with_their_schema_are_as_they_should_be()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE t (id int PRIMARY KEY)");
        SchemaHistory history = new([]);
        CommitTs at = await StartAsync(database, "whole", "public.*", history);
        await fixture.Cluster.ExecuteAsync("CREATE TABLE made AS SELECT 1 AS id", database);
        TestLog log = new();
        await using PostgresSource source = Source(database, "whole", "public.*", log);
        Assert.DoesNotContain((await source.InspectAsync(Cancellation)).Plan, step => step.Contains("ADD", StringComparison.Ordinal));
        var rows = await ReadRows.StreamToNowAsync(source, history, at);
        Assert.Equal("made", Assert.Single(rows).Table);
        Assert.DoesNotContain(log.Lines, line => line.Contains(NotPublished, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("public.*", true)]
    [InlineData("public.t", false)]
    public async Task A_run_goes_on_without_tables_where_patterns_may_match_new_ones(string tables, bool goesOn)
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE t (id int PRIMARY KEY)");
        string name = goesOn ? "none" : "none2";
        SchemaHistory history = new([]);
        CommitTs at = await StartAsync(database, name, tables, history);
        await fixture.Cluster.ExecuteAsync("DROP TABLE t", database);
        await using PostgresSource source = Source(database, name, tables, new());
        SourceFacts facts = await source.InspectAsync(Cancellation);
        Problem none = facts.Problems.Single(p => p.Sentence.StartsWith("No table", StringComparison.Ordinal));
        Assert.Equal(goesOn, none.IsWarning);
        if (!goesOn) return;
        await ReadRows.StreamToNowAsync(source, history, at);
        Assert.DoesNotContain(history.Latest(), t => !t.IsDropped);
    }

    [Fact]
    public async Task What_the_application_did_since_the_look_is_left_as_it_is_and_looked_at_again()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE TABLE listed (id int PRIMARY KEY); CREATE TABLE renamed (id int PRIMARY KEY);
            CREATE TABLE gone (id int PRIMARY KEY); CREATE TABLE keyless (id int PRIMARY KEY);
            CREATE TABLE plain (id int PRIMARY KEY);
            """);
        await using NpgsqlConnection connection = await fixture.Cluster.OpenAsync(database);
        Inspector inspector = new(new("over"), TableSelection.Everything, DdlCaptureMode.Relation, false);
        ImmutableArray<PublicationStep> steps =
            (await inspector.InspectAsync(connection, Cancellation)).Publications.Steps;
        PublicationWriter writer = new(connection, TimeProvider.System, new TestLog());
        Assert.True(await writer.RunAsync(steps.Where(s => s.Locks.IsEmpty), Cancellation));
        await fixture.Cluster.ExecuteAsync("""
            ALTER PUBLICATION cdc_over ADD TABLE listed; ALTER TABLE renamed RENAME TO other; DROP TABLE gone;
            ALTER TABLE keyless DROP CONSTRAINT keyless_pkey;
            """, database);
        Assert.False(await writer.RunAsync(steps.Where(s => !s.Locks.IsEmpty), Cancellation));
        Assert.Equal("listed plain", await ListedAsync(database, "cdc_over"));

        Inspection now = await inspector.InspectAsync(connection, Cancellation);
        Assert.True(await writer.RunAsync(now.Publications.Steps, Cancellation));
        Assert.Equal("listed other plain", await ListedAsync(database, "cdc_over"));
        Assert.Equal("keyless", await ListedAsync(database, "cdc_over_insert"));
    }

    [Fact]
    public async Task Drop_of_all_changefeeds_leaves_what_other_tools_made()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE TABLE t (id int PRIMARY KEY);
            CREATE PUBLICATION cdc_theirs FOR TABLE t; CREATE PUBLICATION cdc_all_insert FOR ALL TABLES;
            """);
        await fixture.Cluster.ExecuteAsync(
            "SELECT pg_create_logical_replication_slot('cdc_theirs', 'test_decoding')", database);
        await StartAsync(database, "ours", "public.*", new([]));
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        await cleanup.RunAsync(null, force: false, Cancellation);
        Assert.Equal("cdc_all_insert cdc_theirs", await fixture.Cluster.ScalarAsync(
            "SELECT string_agg(pubname, ' ' ORDER BY pubname) FROM pg_publication", database));
        Assert.Equal("cdc_theirs", await fixture.Cluster.ScalarAsync(
            "SELECT string_agg(slot_name, ' ') FROM pg_replication_slots WHERE database = current_database()", database));
        await fixture.Cluster.ExecuteAsync("SELECT pg_drop_replication_slot('cdc_theirs')", database);
    }

    async Task<CommitTs> StartAsync(string database, string name, string tables, SchemaHistory history)
    {
        await using PostgresSource source = Source(database, name, tables, new());
        await using ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        return snapshot.At;
    }

    PostgresSource Source(string database, string name, string tables, TestLog log) =>
        fixture.Source(database, name, tables: tables, log: log, capture: DdlCaptureMode.Trigger);

    Task<string?> ListedAsync(string database, string publication) => fixture.Cluster.ScalarAsync(
        $"SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = '{publication}'",
        database);
}
