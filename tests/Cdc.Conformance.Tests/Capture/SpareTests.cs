using Cdc.Conformance.Tests.Source;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>Migrations that are open at once do not wait for one another, and nothing of theirs is missing.</summary>
public sealed class SpareTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Old = "CREATE TABLE old (id int PRIMARY KEY)";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nine_open_migrations_that_make_tables_are_captured_from_their_first_rows()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old);
        await using Migrations open = await Migrations.OpenAsync(@case, 9, i =>
        [
            $"CREATE TABLE m{i} (id int PRIMARY KEY)", $"INSERT INTO m{i} VALUES (1)",
            $"CREATE TABLE n{i} (id int)", $"ALTER TABLE n{i} ADD PRIMARY KEY (id)", $"INSERT INTO n{i} VALUES (1)",
        ]);
        await open.CommitAsync();
        await @case.RunAsync([.. Enumerable.Range(0, 9).SelectMany(static i => new[]
        {
            $"INSERT INTO m{i} VALUES (2)", $"UPDATE m{i} SET id = 3 WHERE id = 2", $"INSERT INTO n{i} VALUES (2)", $"DELETE FROM n{i}",
        })]);
        Assert.All(await @case.MessagesAsync(), static m => Assert.Null(m.Unreadable));
        Assert.Equal(["m0", "n0", "old"], await @case.KeyedAsync());
        Assert.Equal(["m8", "n8"], await @case.ListedAsync($"cdc_{@case.Name}#8"));

        List<string> rows = await RowsAsync(@case.Source, @case);
        foreach (int i in Enumerable.Range(0, 9))
        {
            Assert.Equal(["Insert 1", "Insert 2", "Update 3"], Of(rows, $"m{i}"));
            Assert.Equal(["Insert 1", "Insert 2", "Delete 1", "Delete 2"], Of(rows, $"n{i}"));
        }
    }

    [Fact]
    public async Task A_tenth_open_migration_waits_a_while_and_succeeds_and_is_told_of()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old);
        await using Migrations open = await Migrations.OpenAsync(@case, 9, static i => [$"CREATE TABLE m{i} (id int PRIMARY KEY)"]);
        await @case.RunAsync("SET statement_timeout = '2s'", "CREATE TABLE tenth (id int PRIMARY KEY)", "UPDATE tenth SET id = 1");
        await open.CommitAsync();
        Assert.Contains("lock timeout", Assert.Single(await @case.MessagesAsync(), static m => m.Unreadable is not null).Unreadable);
    }

    [Fact]
    public async Task Open_migrations_that_make_schemas_are_captured_with_the_rows_of_CREATE_TABLE_AS()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old);
        await using Migrations open = await Migrations.OpenAsync(@case, 4, static i =>
        [
            $"CREATE SCHEMA s{i}", $"CREATE TABLE s{i}.k{i} AS SELECT 1 AS id", $"CREATE TABLE s{i}.m{i} (id int PRIMARY KEY)",
            $"INSERT INTO s{i}.m{i} VALUES (1)",
        ]);
        await open.CommitAsync();
        await @case.RunAsync("CREATE TABLE s1.more AS SELECT 1 AS id", "UPDATE s1.more SET id = 2", "UPDATE s2.k2 SET id = 2");
        Assert.All(await @case.MessagesAsync(), static m => Assert.Null(m.Unreadable));
        Assert.Equal(6, (await @case.ListedAsync("%#%")).Count);
        await using PostgresSource again = await AgainAsync(@case);
        Assert.Empty(await @case.ListedAsync("%#%"));
        await @case.RunAsync("CREATE TABLE s1.last AS SELECT 1 AS id");
        List<string> rows = await RowsAsync(again, @case);
        Assert.Equal(10, rows.Count);
        Assert.All(rows, static row => Assert.EndsWith("Insert 1", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_migrations_that_make_tables_without_keys_are_captured_where_no_schema_is_published_whole()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old, tables: "public.old public.k0 public.k1 public.k2");
        await using Migrations open = await Migrations.OpenAsync(@case, 3, static i =>
            [$"CREATE TABLE k{i} (id int)", $"INSERT INTO k{i} VALUES (1)", $"UPDATE k{i} SET id = 2"]);
        await open.CommitAsync();
        await @case.RunAsync("UPDATE k1 SET id = 3", "INSERT INTO k2 VALUES (4)");
        Assert.All(await @case.MessagesAsync(), static m => Assert.Null(m.Unreadable));
        Assert.Equal(["k0 Insert 1", "k1 Insert 1", "k2 Insert 1", "k2 Insert 4"], (await RowsAsync(@case.Source, @case)).Order());
        await @case.RunAsync("ALTER TABLE k1 ADD PRIMARY KEY (id)", "UPDATE k1 SET id = 5", "ALTER TABLE k1 DROP CONSTRAINT k1_pkey",
            "UPDATE k1 SET id = 6");
    }

    [Fact]
    public async Task A_start_moves_what_is_in_spares_while_rows_go_on()
    {
        await using CaptureCase @case = await OpenAtOnceAsync();
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<int> writing = WriteAsync(@case, "m2", enough.Token);
        await using PostgresSource again = await AgainAsync(@case);
        Assert.Empty(await @case.ListedAsync("%#%"));
        Assert.Equal(["m0", "m1", "m2", "old"], await @case.KeyedAsync());
        await enough.CancelAsync();
        int written = await writing;
        List<string> rows = await RowsAsync(again, @case);
        Assert.Equal(["Insert 1"], Of(rows, "m1"));
        Assert.Equal(Enumerable.Range(1, written).Select(static i => $"Insert {i}"), Of(rows, "m2"));
    }

    [Fact]
    public async Task What_is_locked_stays_in_its_spare_and_is_captured_there()
    {
        await using CaptureCase @case = await OpenAtOnceAsync();
        await using (NpgsqlConnection vacuum = await @case.OpenAsync())
        {
            await CaptureCase.ExecuteAsync(vacuum, "BEGIN; LOCK TABLE m1 IN SHARE UPDATE EXCLUSIVE MODE");
            await using PostgresSource beside = await AgainAsync(@case);
            Assert.Equal(["m1"], await @case.ListedAsync("%#%"));
        }
        await @case.RunAsync("INSERT INTO m1 VALUES (2)", "INSERT INTO m2 VALUES (2)");
        await using (Migrations open = await Migrations.OpenAsync(@case, 1, static _ => ["CREATE TABLE other (id int PRIMARY KEY)"]))
        {
            await using PostgresSource held = await AgainAsync(@case);
            Assert.Equal(["m1"], await @case.ListedAsync("%#%"));
        }
        await using PostgresSource again = await AgainAsync(@case);
        Assert.Empty(await @case.ListedAsync("%#%"));
        List<string> rows = await RowsAsync(again, @case);
        Assert.Equal(["Insert 1", "Insert 2"], Of(rows, "m1"));
        Assert.Equal(["Insert 1", "Insert 2"], Of(rows, "m2"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ALTER EVENT TRIGGER cdc_{0}_ddl DISABLE")]
    public async Task A_table_in_a_spare_that_loses_its_key_leaves_it(string before)
    {
        await using CaptureCase @case = await OpenAtOnceAsync();
        bool isCaptured = before.Length == 0;
        if (!isCaptured) await @case.AdminAsync(string.Format(before, @case.Name));
        await @case.RunAsync("ALTER TABLE m1 DROP CONSTRAINT m1_pkey");
        if (isCaptured) await @case.RunAsync("UPDATE m1 SET id = 2", "DELETE FROM m1");
        Assert.Equal(isCaptured ? ["m2"] : ["m1", "m2"], await @case.ListedAsync("%#%"));
        await using PostgresSource again = await AgainAsync(@case);
        await @case.RunAsync("UPDATE m1 SET id = 3", "INSERT INTO m1 VALUES (4)");
        Assert.Empty(await @case.ListedAsync("%#%"));
        Assert.Equal(["m0", "m2", "old"], await @case.KeyedAsync());
        if (isCaptured) Assert.Equal(["Insert 1", "Insert 4"], Of(await RowsAsync(again, @case), "m1"));
    }

    [Fact]
    public async Task A_spare_that_was_dropped_ends_the_stream_by_its_name()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old);
        await @case.AdminAsync($"DROP PUBLICATION \"cdc_{@case.Name}#3\"");
        await @case.RunAsync("INSERT INTO old VALUES (1)");
        foreach (PostgresSource source in new[] { @case.Source, fixture.Source(@case.Database, @case.Name, capture: DdlCaptureMode.Trigger) })
        {
            CdcException lost = await Assert.ThrowsAsync<CdcException>(() => RowsAsync(source, @case));
            Assert.Equal(FailureKind.PositionLost, lost.Kind);
            Assert.Contains($"cdc_{@case.Name}#3", lost.Message, StringComparison.Ordinal);
            Assert.Contains($"CREATE PUBLICATION \"cdc_{@case.Name}#3\" helps", lost.Fix, StringComparison.Ordinal);
            if (source != @case.Source) await source.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drop_takes_the_spares_and_none_of_a_changefeed_with_a_number_in_its_name(bool all)
    {
        await using CaptureCase @case = await OpenAtOnceAsync();
        await using PostgresSource other = fixture.Source(@case.Database, @case.Name + "_1", capture: DdlCaptureMode.Relation);
        await (await other.StartAsync(new([]), Cancellation)).DisposeAsync();
        await using PostgresCleanup cleanup = new(PostgresAddress.Parse(fixture.Cluster.UrlFor(@case.Database)), TimeProvider.System);
        string name = $"cdc_{@case.Name}_1";
        await cleanup.RunAsync(@case.Name, force: true, Cancellation);
        Assert.Equal([name, $"{name}_insert"], await @case.QueryAsync("SELECT pubname FROM pg_publication ORDER BY 1"));
        await cleanup.RunAsync(all ? null : @case.Name + "_1", force: true, Cancellation);
        Assert.Empty(await @case.QueryAsync("SELECT pubname FROM pg_publication"));
        if (all) return;
        await using PostgresSource again = fixture.Source(@case.Database, @case.Name, capture: DdlCaptureMode.Trigger);
        await (await again.StartAsync(new([]), Cancellation)).DisposeAsync();
        await cleanup.RunAsync(null, force: true, Cancellation);
        Assert.Empty(await @case.QueryAsync("SELECT pubname FROM pg_publication"));
    }

    [Fact]
    public async Task A_spare_that_no_stream_reads_yet_gets_nothing()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old);
        await @case.AdminAsync("""
            DO $$ DECLARE p name; BEGIN FOR p IN SELECT pubname FROM pg_publication WHERE pubname LIKE '%#%' LOOP
                EXECUTE format('ALTER PUBLICATION %I SET (publish = '''')', p); END LOOP; END $$
            """);
        await using Migrations open = await Migrations.OpenAsync(@case, 2, static i =>
            ["SET LOCAL statement_timeout = '2s'", $"CREATE TABLE m{i} (id int PRIMARY KEY)"]);
        await open.CommitAsync();
        Assert.Empty(await @case.ListedAsync("%#%"));
        Assert.Single(await @case.MessagesAsync(), static m => m.Unreadable is not null);
    }

    [Fact]
    public async Task A_table_in_a_spare_is_ours_also_under_a_name_that_no_pattern_matches()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, Old, tables: "public.o* public.m*");
        await using (Migrations open = await Migrations.OpenAsync(@case, 2, static i => [$"CREATE TABLE m{i} (id int PRIMARY KEY)"]))
            await open.CommitAsync();
        await @case.MessagesAsync();
        await @case.RunAsync("ALTER TABLE m1 RENAME TO x1");
        Assert.Equal("x1", Assert.Single(Assert.Single(await @case.MessagesAsync()).Tables).Name.Name);
        await using PostgresSource again = fixture.Source(
            @case.Database, @case.Name, tables: "public.o* public.m*", capture: DdlCaptureMode.Trigger);
        await RowsAsync(again, @case);
        Assert.Empty(await @case.ListedAsync("%#%"));
        Assert.Equal(["m0", "old"], await @case.KeyedAsync());
    }

    [Fact]
    public async Task What_the_application_did_since_the_look_is_not_moved()
    {
        await using CaptureCase @case = await OpenAtOnceAsync(6);
        await using NpgsqlConnection connection = await fixture.Cluster.OpenAsync(@case.Database);
        Inspector inspector = new(new(@case.Name), TableSelection.Everything, DdlCaptureMode.Trigger, temporarySlot: false);
        var steps = (await inspector.InspectAsync(connection, Cancellation)).Publications.Steps;
        PublicationWriter writer = new(connection, TimeProvider.System, new TestLog());
        await @case.RunAsync("ALTER TABLE m1 DROP CONSTRAINT m1_pkey", "ALTER TABLE m2 RENAME TO other", "DROP TABLE m3");
        await @case.AdminAsync($"ALTER PUBLICATION cdc_{@case.Name} ADD TABLE m4");
        Assert.False(await writer.RunAsync(steps, Cancellation));
        await @case.RunAsync("UPDATE m1 SET id = 2", "DELETE FROM m1");
        Assert.Equal(["m0", "m4", "m5", "old"], await @case.KeyedAsync());
        Assert.Equal(["other"], await @case.ListedAsync("%#%"));
        Inspection now = await inspector.InspectAsync(connection, Cancellation);
        Assert.True(await writer.RunAsync(now.Publications.Steps, Cancellation));
        Assert.Equal(["m0", "m4", "m5", "old", "other"], await @case.KeyedAsync());
        Assert.Empty(await @case.ListedAsync("%#%"));
    }

    [Fact]
    public async Task A_start_that_must_add_a_table_takes_a_spare_while_a_migration_holds_the_publication()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(
            fixture, Old + "; CREATE TABLE t (id int PRIMARY KEY)", tables: "public.o*");
        await @case.AdminAsync("CREATE SCHEMA s; CREATE TABLE s.t (id int); CREATE SCHEMA h; CREATE TABLE h.t (id int)");
        await using Migrations open = await Migrations.OpenAsync(@case, 1, static _ => ["CREATE TABLE o1 (id int PRIMARY KEY)"]);
        await using NpgsqlConnection holder = await @case.OpenAsync("postgres");
        await CaptureCase.ExecuteAsync(holder, $"BEGIN; ALTER PUBLICATION cdc_{@case.Name}_insert ADD TABLE h.t");
        await using (PostgresSource wider = fixture.Source(
            @case.Database, @case.Name, tables: "public.* s.*", capture: DdlCaptureMode.Trigger))
        {
            await RowsAsync(wider, @case);
        }
        Assert.Equal(["s", "t"], await @case.ListedAsync("%#%"));
    }

    [Fact]
    public async Task A_run_that_leaves_nothing_behind_leaves_no_spares()
    {
        string database = await fixture.DatabaseAsync(Old);
        await using (PostgresSource source = fixture.Source(database, "away", temporary: true, capture: DdlCaptureMode.Trigger))
        {
            await (await source.StartAsync(new([]), Cancellation)).DisposeAsync();
            Assert.Equal("18", await fixture.Cluster.ScalarAsync("SELECT count(*) FROM pg_publication", database));
        }
        Assert.Equal("0", await fixture.Cluster.ScalarAsync("SELECT count(*) FROM pg_publication", database));
    }

    /// <summary>Tables of migrations that were open at once: all but the first are in spares.</summary>
    async Task<CaptureCase> OpenAtOnceAsync(int count = 3)
    {
        CaptureCase @case = await CaptureCase.StartAsync(fixture, Old);
        await using Migrations open = await Migrations.OpenAsync(
            @case, count, static i => [$"CREATE TABLE m{i} (id int PRIMARY KEY)", $"INSERT INTO m{i} VALUES (1)"]);
        await open.CommitAsync();
        Assert.Equal(Enumerable.Range(1, count - 1).Select(static i => $"m{i}"), await @case.ListedAsync("%#%"));
        return @case;
    }

    /// <summary>A run that goes on: it has published, and read to its end.</summary>
    async Task<PostgresSource> AgainAsync(CaptureCase @case)
    {
        PostgresSource source = fixture.Source(@case.Database, @case.Name, capture: DdlCaptureMode.Trigger);
        await RowsAsync(source, @case);
        return source;
    }

    static async Task<List<string>> RowsAsync(PostgresSource source, CaptureCase @case) =>
        [.. (await ReadRows.StreamToNowAsync(source, @case.History, @case.From)).Select(static r => $"{r.Table} {r.Op} {r.Cells[0]}")];

    static IEnumerable<string> Of(IEnumerable<string> rows, string table) =>
        rows.Where(row => row.StartsWith(table + " ", StringComparison.Ordinal)).Select(row => row[(table.Length + 1)..]);

    static async Task<int> WriteAsync(CaptureCase @case, string table, CancellationToken enough)
    {
        await using NpgsqlConnection connection = await @case.OpenAsync();
        int written = 1;
        while (!enough.IsCancellationRequested) await CaptureCase.ExecuteAsync(connection, $"INSERT INTO {table} VALUES ({++written})");
        return written;
    }
}
