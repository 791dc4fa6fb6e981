using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Npgsql;

namespace Cdc.Conformance.Tests.Source;

/// <summary>Publishing never makes a statement of the application fail, and never stands in its way.</summary>
public sealed class PublicationTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    const string Tables = """
        CREATE TABLE keyed (id int PRIMARY KEY, t text);
        CREATE TABLE keyless (id int, t text);
        CREATE TABLE later (id int PRIMARY KEY DEFERRABLE, t text);
        CREATE TABLE nothing (id int PRIMARY KEY, t text);
        ALTER TABLE nothing REPLICA IDENTITY NOTHING;
        CREATE TABLE whole (id int, t text);
        ALTER TABLE whole REPLICA IDENTITY FULL;
        CREATE TABLE byindex (a int NOT NULL, b int NOT NULL, t text, PRIMARY KEY (a));
        CREATE UNIQUE INDEX byindex_b ON byindex (b);
        ALTER TABLE byindex REPLICA IDENTITY USING INDEX byindex_b;
        """;

    static readonly string[] Every = ["keyed", "keyless", "later", "nothing", "whole"];

    [Fact]
    public async Task Updates_and_deletes_of_every_kind_of_table_go_on_while_it_is_published()
    {
        string database = await fixture.DatabaseAsync(Tables);
        await using PostgresSource source = fixture.Source(database, "harmless");
        SourceFacts facts = await source.InspectAsync(Cancellation);
        Assert.Equal(3, facts.Problems.Count(p => p.IsWarning && p.Fix!.StartsWith("ALTER TABLE", StringComparison.Ordinal)));
        Assert.Equal(["keyless", "later", "nothing"], facts.Tables.Where(t => !t.CanUpdate).Select(t => t.Name.Name));

        SchemaHistory history = new([]);
        await using ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        foreach (string table in Every)
        {
            await fixture.Cluster.ExecuteAsync(
                $"INSERT INTO {table} VALUES (1, 'a'); UPDATE {table} SET t = 'b'; DELETE FROM {table}", database);
        }
        await fixture.Cluster.ExecuteAsync("INSERT INTO byindex VALUES (1, 2, 'a'); DELETE FROM byindex", database);
        var rows = await ReadRows.StreamToNowAsync(source, history, snapshot.At);
        Op[] all = [Op.Insert, Op.Update, Op.Delete];
        Assert.Equal(all, rows.Where(r => r.Table == "keyed").Select(r => r.Op));
        Assert.Equal(all, rows.Where(r => r.Table == "whole").Select(r => r.Op));
        foreach (string table in new[] { "keyless", "later", "nothing" })
            Assert.Equal([Op.Insert], rows.Where(r => r.Table == table).Select(r => r.Op));
        TableSchema byIndex = history.Latest().Single(t => t.Name.Name == "byindex");
        Assert.Equal([1], byIndex.Key);
        Assert.Equal(",2,", string.Join(",", rows.Last(r => r.Table == "byindex").Cells));
    }

    [Fact]
    public async Task Changed_patterns_and_keys_move_tables_between_the_publications()
    {
        string database = await fixture.DatabaseAsync(Tables);
        await using (PostgresSource first = fixture.Source(database, "moved", tables: "public.keyed public.keyless"))
            await (await first.StartAsync(new([]), Cancellation)).DisposeAsync();
        Assert.Equal(["keyed"], await ListedAsync(database, "cdc_moved"));
        Assert.Equal(["keyless"], await ListedAsync(database, "cdc_moved_insert"));

        await fixture.Cluster.ExecuteAsync("ALTER TABLE keyless ADD PRIMARY KEY (id)", database);
        await using (PostgresSource second = fixture.Source(database, "moved", tables: "public.keyless public.nothing"))
            await (await second.StartAsync(new([]), Cancellation)).DisposeAsync();
        Assert.Equal(["keyless"], await ListedAsync(database, "cdc_moved"));
        Assert.Equal(["nothing"], await ListedAsync(database, "cdc_moved_insert"));
    }

    [Fact]
    public async Task Publishing_waits_for_a_table_that_DDL_holds_without_holding_others()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        await using NpgsqlConnection migration = await fixture.Cluster.OpenAsync(database);
        await using NpgsqlTransaction transaction = await migration.BeginTransactionAsync(Cancellation);
        await using NpgsqlCommand alter = new("ALTER TABLE b ADD t text", migration, transaction);
        await alter.ExecuteNonQueryAsync(Cancellation);

        TestLog log = new();
        await using PostgresSource source = fixture.Source(database, "held", log: log);
        Task<ISourceSnapshot> starting = source.StartAsync(new([]), Cancellation).AsTask();
        while (!log.Lines.Any(line => line.Contains("public.b is locked", StringComparison.Ordinal)))
        {
            Assert.False(starting.IsCompleted);
            await Task.Yield();
        }
        // The application's DDL on the table that is published already goes through at once.
        await fixture.Cluster.ExecuteAsync("SET lock_timeout = '5s'; ALTER TABLE a ADD t text", database);
        await transaction.CommitAsync(Cancellation);
        await using ISourceSnapshot snapshot = await starting;
        Assert.Equal(2, snapshot.Tables.Count);
    }

    [Fact]
    public async Task A_publication_of_another_kind_under_our_name_is_refused()
    {
        string database = await fixture.DatabaseAsync(Tables + "CREATE PUBLICATION cdc_foreign FOR ALL TABLES;");
        await using PostgresSource source = fixture.Source(database, "foreign");
        SourceFacts facts = await source.InspectAsync(Cancellation);
        Assert.Contains(facts.Problems, p => !p.IsWarning && p.Sentence.Contains("cdc_foreign", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Drop_removes_slot_and_publications_and_can_be_repeated()
    {
        string database = await fixture.DatabaseAsync(Tables);
        await using (PostgresSource source = fixture.Source(database, "gone"))
            await (await source.StartAsync(new([]), Cancellation)).DisposeAsync();
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        CleanupPlan plan = await cleanup.PlanAsync("gone", Cancellation);
        Assert.Equal(1 + new PostgresNames("gone").Publications.Length, plan.Statements.Count(s =>
            s.StartsWith("DROP PUBLICATION", StringComparison.Ordinal) || s.Contains("slot", StringComparison.Ordinal)));
        Assert.Equal(plan.Statements, (await cleanup.RunAsync("gone", force: false, Cancellation)).Statements);
        Assert.Empty((await cleanup.RunAsync("gone", force: false, Cancellation)).Statements);
        Assert.Empty((await cleanup.PlanAsync(null, Cancellation)).Statements);
        Assert.Equal("0", await fixture.Cluster.ScalarAsync("""
            SELECT (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'cdc')
                + (SELECT count(*) FROM pg_publication)
            """, database));
        Assert.Equal("0", await fixture.Cluster.ScalarAsync(
            "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cdc_gone'"));
    }

    [Fact]
    public async Task Drop_removes_functions_that_an_earlier_version_made_with_other_arguments()
    {
        string database = await fixture.DatabaseAsync(Tables);
        await using (PostgresSource source = fixture.Source(database, "older"))
            await (await source.StartAsync(new([]), Cancellation)).DisposeAsync();
        await fixture.Cluster.ExecuteAsync("""
            CREATE FUNCTION cdc.older_tell(oid[], text, interval) RETURNS void LANGUAGE sql AS '';
            CREATE FUNCTION cdc.older_touched() RETURNS void LANGUAGE sql AS '';
            """, database);
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        await cleanup.RunAsync("older", force: false, Cancellation);
        Assert.Equal("0", await fixture.Cluster.ScalarAsync(
            "SELECT count(*) FROM pg_namespace WHERE nspname = 'cdc'", database));
    }

    [Fact]
    public async Task A_table_made_unlogged_after_the_look_is_left_out_and_looked_at_again()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        await using ControlConnections connections = new(PostgresAddress.Parse(fixture.Cluster.UrlFor(database)));
        Inspector inspector = new(new("quick"), TableSelection.Everything, DdlCaptureMode.Relation, temporarySlot: false);
        await connections.RunAsync((inspector, fixture, database), static async (state, connection, token) =>
        {
            Inspection found = await state.inspector.InspectAsync(connection, token);
            await state.fixture.Cluster.ExecuteAsync("ALTER TABLE a SET UNLOGGED", state.database);
            PublicationWriter writer = new(connection, TimeProvider.System, new TestLog());
            Assert.False(await writer.RunAsync(found.Publications.Steps, token));
            found = await state.inspector.InspectAsync(connection, token);
            Assert.True(await writer.RunAsync(found.Publications.Steps, token));
            return 0;
        }, Cancellation);
        Assert.Equal(["b"], await ListedAsync(database, "cdc_quick"));
    }

    async Task<IEnumerable<string?>> ListedAsync(string database, string publication) =>
        (await fixture.Cluster.QueryAsync(
            $"SELECT tablename FROM pg_publication_tables WHERE pubname = '{publication}' ORDER BY 1", database)).Select(r => r[0]);
}
