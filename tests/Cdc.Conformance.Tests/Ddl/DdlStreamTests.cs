using Cdc.Conformance.Tests.Source;
using Cdc.Engine.Failures;
using Cdc.Protocol;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Ddl;

/// <summary>Schema changes and rows as a real server writes them into its log.</summary>
public sealed class DdlStreamTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Tables = "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE other (id int PRIMARY KEY);";

    [Fact]
    public async Task DDL_mixed_with_rows_comes_in_the_transactions_order_and_the_same_from_any_position()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables);
        await run.ExecuteAsync(
            """
            BEGIN; INSERT INTO t VALUES (1, 'a'); ALTER TABLE t ADD c int DEFAULT 7; INSERT INTO t VALUES (2, 'b', 8);
            CREATE TABLE u (id int PRIMARY KEY, c text); INSERT INTO u VALUES (1, 'x'); ALTER TABLE t DROP COLUMN c;
            INSERT INTO t VALUES (3, 'c'); DROP TABLE u; COMMIT;
            """);
        await run.ExecuteAsync("TRUNCATE other, t");
        await run.ExecuteAsync("CREATE TABLE w AS SELECT g AS id FROM generate_series(1, 2) g");
        await run.ExecuteAsync("ALTER TABLE t RENAME v TO name");
        Assert.Equal(
            [
                "0 c t {\"id\":1,\"v\":\"a\"}", "1 alter t", "2 c t {\"id\":2,\"v\":\"b\",\"c\":8}", "3 create u",
                "4 c u {\"id\":1,\"c\":\"x\"}", "5 alter t", "6 c t {\"id\":3,\"v\":\"c\"}", "7 drop u",
                "1 t other", "1 t t", "1 create w", "2 c w {\"id\":1}", "2 c w {\"id\":2}", "1 alter t",
            ], await run.StoryAsync());

        List<string> all = await run.LinesAsync();
        foreach (CommitTs after in all.Select(DdlRun.PositionOf).Distinct())
        {
            Assert.Equal([.. all.Where(line => DdlRun.PositionOf(line) > after)], await run.LinesAsync(after));
        }
    }

    [Fact]
    public async Task Statements_in_DO_blocks_functions_and_strings_come_by_their_effect()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables);
        await run.ExecuteAsync("DO $$ BEGIN ALTER TABLE t ADD a int; INSERT INTO t VALUES (1, 'x', 2); ALTER TABLE t DROP a; END $$");
        await run.ExecuteAsync(
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE TABLE made (id int PRIMARY KEY)'; SELECT f();"
            + "INSERT INTO made VALUES (1)");
        await run.ExecuteAsync("ALTER TABLE t ADD b int; ALTER TABLE t ADD c int");
        Assert.Equal(
            [
                "1 alter t", "2 c t {\"id\":1,\"v\":\"x\",\"a\":2}", "3 alter t", "1 create made", "2 c made {\"id\":1}",
                "1 alter t", "3 alter t",
            ], await run.StoryAsync());
    }

    [Fact]
    public async Task The_text_comes_along_where_it_is_certain_which_it_was()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables);
        string url = fixture.Cluster.UrlFor(run.Database);
        string[] sent =
        [
            "ALTER TABLE t ADD a int", "ALTER TABLE t ADD b int; ALTER TABLE t ADD c int",
            "CREATE TABLE n (id int); ALTER TABLE t ADD d int; INSERT INTO n VALUES (1)",
            // The same text as is executed inside stands outside, too.
            "ALTER TABLE t ALTER d TYPE bigint; SELECT f()",
            "DO $$ BEGIN ALTER TABLE t /* \"\n */ ADD e int; EXECUTE 'ALTER TABLE t ADD g int; DROP TABLE n'; END $$",
            "CALL outer_p()", "SELECT s()",
        ];
        await run.ExecuteAsync("""
            CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE t ALTER d TYPE text USING d || ''1''; END';
            CREATE FUNCTION s() RETURNS void LANGUAGE sql AS 'ALTER TABLE t DROP c';
            CREATE PROCEDURE outer_p() LANGUAGE plpgsql AS 'BEGIN PERFORM f(); ALTER TABLE t DROP e; END';
            """);
        foreach (string sql in sent)
        {
            ProcessResult psql = await ProcessRun.RunAsync(PostgresBinaries.Find()["psql"], ["-X", "-d", url, "-c", sql]);
            psql.Expect0("psql");
        }
        Assert.Equal(
            [
                sent[0], null, null, "CREATE TABLE n (id int)", "ALTER TABLE t ADD d int",
                "ALTER TABLE t ALTER d TYPE bigint", "ALTER TABLE t ALTER d TYPE text USING d || '1'",
                "ALTER TABLE t /* \"\n */ ADD e int", "ALTER TABLE t ADD g int", "DROP TABLE n",
                "ALTER TABLE t ALTER d TYPE text USING d || '1'", "ALTER TABLE t DROP e", null,
            ], DdlRun.TextsOf(await run.LinesAsync()));
    }

    [Fact]
    public async Task An_empty_table_renamed_into_the_patterns_comes_as_a_new_one_and_one_with_rows_stops()
    {
        await using DdlRun run = await DdlRun.StartAsync(
            fixture, Tables + "CREATE TABLE x (id int PRIMARY KEY); CREATE TABLE y (id int)", "public.t*");
        await run.ExecuteAsync("ALTER TABLE x RENAME TO t2; INSERT INTO t2 VALUES (1)");
        await run.ExecuteAsync("ALTER TABLE y RENAME TO t3; INSERT INTO t3 VALUES (2)");
        Assert.Equal(
            ["1 create t2", "2 c t2 {\"id\":1}", "1 create t3", "2 c t3 {\"id\":2}"], await run.StoryAsync());
        await run.ExecuteAsync("INSERT INTO other VALUES (1)");
        await run.ExecuteAsync("ALTER TABLE other RENAME TO t4");
        CdcException stopped = await Assert.ThrowsAsync<CdcException>(run.StoryAsync);
        Assert.Equal(FailureKind.TableStopped, stopped.Kind);
    }

    [Fact]
    public async Task A_table_dropped_and_made_again_in_one_transaction_is_another_table()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables);
        await run.ExecuteAsync(
            "BEGIN; INSERT INTO t VALUES (1, 'a'); DROP TABLE t; CREATE TABLE t (k text PRIMARY KEY);"
            + "INSERT INTO t VALUES ('b'); COMMIT; INSERT INTO t VALUES ('c')");
        Assert.Equal(
            ["0 c t {\"id\":1,\"v\":\"a\"}", "1 drop t", "3 create t", "4 c t {\"k\":\"b\"}", "0 c t {\"k\":\"c\"}"],
            await run.StoryAsync());
        Assert.Equal(2, run.History.Latest().Count);
    }

    [Fact]
    public async Task What_a_savepoint_took_back_never_happened()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables);
        await run.ExecuteAsync(
            """
            BEGIN; INSERT INTO t VALUES (1, 'a'); SAVEPOINT s; ALTER TABLE t ADD c int; INSERT INTO t VALUES (2, 'b', 3);
            CREATE TABLE u (id int); ROLLBACK TO s; INSERT INTO t VALUES (3, 'c'); ALTER TABLE t ADD d int;
            INSERT INTO t VALUES (4, 'd', 5); COMMIT;
            """);
        Assert.Equal(
            [
                "0 c t {\"id\":1,\"v\":\"a\"}", "0 c t {\"id\":3,\"v\":\"c\"}", "1 alter t",
                "2 c t {\"id\":4,\"v\":\"d\",\"d\":5}",
            ], await run.StoryAsync());
    }

    [Fact]
    public async Task Partitions_come_go_and_take_rows()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture,
            """
            CREATE TABLE p (id int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
            """);
        await run.ExecuteAsync("CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)");
        await run.ExecuteAsync("INSERT INTO p VALUES (1), (11)");
        await run.ExecuteAsync("ALTER TABLE p DETACH PARTITION p1");
        await run.ExecuteAsync("INSERT INTO p1 VALUES (100); DELETE FROM p1 WHERE id = 100");
        await run.ExecuteAsync("ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10)");
        await run.ExecuteAsync("UPDATE p SET id = 12 WHERE id = 1");
        List<string> story = await run.StoryAsync();
        Assert.Equal(
            [
                "1 create p2", "0 c p1 {\"id\":1}", "0 c p2 {\"id\":11}", "1 alter p1",
                "0 c p1 {\"id\":100}", "0 d p1 null", "1 alter p1", "0 d p1 null", "0 c p2 {\"id\":12}",
            ], story);
    }

    [Fact]
    public async Task Types_and_schemas_change_before_their_tables()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture,
            "CREATE TABLE stays (id int); CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('ok'); CREATE TABLE s.m (id int PRIMARY KEY, v s.mood)");
        await run.ExecuteAsync("ALTER TYPE s.mood ADD VALUE 'bad'");
        await run.ExecuteAsync("INSERT INTO s.m VALUES (1, 'bad')");
        await run.ExecuteAsync("ALTER SCHEMA s RENAME TO r");
        await run.ExecuteAsync("INSERT INTO r.m VALUES (2, 'ok')");
        await run.ExecuteAsync("DROP SCHEMA r CASCADE");
        Assert.Equal(
            [
                "1 alter type mood", "1 alter m", "0 c m {\"id\":1,\"v\":\"bad\"}",
                "1 rename schema r", "1 alter type mood", "1 alter m",
                "0 c m {\"id\":2,\"v\":\"ok\"}", "1 drop m", "1 drop type mood",
                "1 drop schema r",
            ], await run.StoryAsync());
    }

    [Fact]
    public async Task Names_that_leave_the_patterns_leave_and_keys_that_go_keep_their_rows()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables, "public.t* public.other");
        await run.ExecuteAsync("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1, 'a')");
        await run.ExecuteAsync("ALTER TABLE t ADD PRIMARY KEY (id); UPDATE t SET v = 'b'");
        await run.ExecuteAsync("ALTER TABLE t RENAME TO t2; INSERT INTO t2 VALUES (2, 'c')");
        await run.ExecuteAsync("ALTER TABLE t2 RENAME TO gone; INSERT INTO gone VALUES (3, 'd')");
        Assert.Equal(
            [
                "1 alter t", "2 c t {\"id\":1,\"v\":\"a\"}", "1 alter t", "2 u t {\"id\":1,\"v\":\"b\"}",
                "1 alter t2", "2 c t2 {\"id\":2,\"v\":\"c\"}", "1 leave t2",
            ], await run.StoryAsync());
    }

    [Fact]
    public async Task The_documented_SQL_rebuilds_tables_through_their_schema_changes()
    {
        await using DdlRun run = await DdlRun.StartAsync(fixture, Tables);
        await run.ExecuteAsync(
            """
            INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
            ALTER TABLE t ADD n int NOT NULL DEFAULT 5;
            INSERT INTO t VALUES (4, 'd', 6);
            """);
        await run.ExecuteAsync("ALTER TABLE t RENAME v TO name; UPDATE t SET name = 'B' WHERE id = 2");
        await run.ExecuteAsync("ALTER TABLE t RENAME TO renamed; DELETE FROM renamed WHERE id = 3");
        await run.ExecuteAsync("ALTER TABLE renamed RENAME id TO key; UPDATE renamed SET key = 40 WHERE key = 4");
        await run.ExecuteAsync("CREATE TABLE t (x int PRIMARY KEY); INSERT INTO t VALUES (9)");
        await run.ExecuteAsync("INSERT INTO other VALUES (1); DROP TABLE other; CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (2)");
        await run.ExecuteAsync("CREATE TABLE brief (id int PRIMARY KEY); INSERT INTO brief VALUES (1); DROP TABLE brief");
        string lines = string.Join('\n', await run.LinesAsync());

        string copy = await fixture.DatabaseAsync(
            """
            CREATE TABLE renamed (key int PRIMARY KEY, name text, n int NOT NULL DEFAULT 5);
            CREATE TABLE t (x int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY);
            """);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await fixture.Cluster.ExecuteAsync(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "rebuild.sql"), cancellation), copy);
        await fixture.Cluster.ExecuteAsync($"INSERT INTO cdc_rebuild.lines SELECT line::json FROM regexp_split_to_table($cdc${lines}$cdc$, E'\\n') AS line", copy);
        await fixture.Cluster.QueryAsync("SELECT * FROM cdc_rebuild.rebuild()", copy);
        foreach (string table in (string[])["renamed", "t", "other"])
        {
            string query = $"SELECT r::text FROM {table} r ORDER BY 1";
            Assert.Equal(
                (await fixture.Cluster.QueryAsync(query, run.Database)).Select(static row => row[0]),
                (await fixture.Cluster.QueryAsync(query, copy)).Select(static row => row[0]));
        }
    }
}
