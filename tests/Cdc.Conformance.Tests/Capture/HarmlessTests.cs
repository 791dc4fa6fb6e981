using Cdc.Conformance.Tests.Source;
using Cdc.Postgres.Capture;
using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>No statement of an application fails because its DDL is captured.</summary>
public sealed class HarmlessTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Every kind of DDL that an application runs, mixed with rows, in an order in which each works.</summary>
    static readonly string[] Everything =
    [
        "CREATE TABLE a (id int PRIMARY KEY, t text)", "INSERT INTO a VALUES (1, 'x')", "UPDATE a SET t = 'y'",
        "ALTER TABLE a DROP CONSTRAINT a_pkey", "UPDATE a SET t = 'z'", "DELETE FROM a WHERE id = 2",
        "ALTER TABLE a ADD PRIMARY KEY (id)", "UPDATE a SET t = 'w'",
        "ALTER TABLE a REPLICA IDENTITY NOTHING", "UPDATE a SET t = 'v'", "ALTER TABLE a REPLICA IDENTITY FULL",
        "UPDATE a SET t = 'u'", "ALTER TABLE a REPLICA IDENTITY DEFAULT", "UPDATE a SET t = 'u'",
        "CREATE UNIQUE INDEX a_u ON a (id)", "ALTER TABLE a REPLICA IDENTITY USING INDEX a_u", "DROP INDEX a_u",
        "UPDATE a SET t = 'r'", "DELETE FROM a WHERE id = 3", "ALTER TABLE a REPLICA IDENTITY DEFAULT", "UPDATE a SET t = 'q'",
        "ALTER TABLE a DROP COLUMN id", "UPDATE a SET t = 'p'", "ALTER TABLE a ADD COLUMN id serial",
        "ALTER TABLE a ALTER COLUMN t TYPE varchar(10) USING upper(t)", "ALTER TABLE a ADD g int GENERATED ALWAYS AS (id * 2) STORED",
        "CREATE INDEX CONCURRENTLY a_t ON a (t)", "REINDEX INDEX CONCURRENTLY a_t", "DROP INDEX CONCURRENTLY a_t",
        "CREATE TABLE k AS SELECT g AS x FROM generate_series(1, 10) g", "UPDATE k SET x = x + 1", "DELETE FROM k WHERE x = 3",
        "SELECT 1 AS y INTO k2", "UPDATE k2 SET y = 2", "CREATE TABLE k3 AS TABLE k WITH NO DATA", "DROP TABLE k, k2, k3",
        "CREATE TABLE \"we.ird \"\" name'\" (\"co l\" int PRIMARY KEY, \"a$cdc$b\" text)",
        "INSERT INTO \"we.ird \"\" name'\" VALUES (1, 'x')", "UPDATE \"we.ird \"\" name'\" SET \"co l\" = 2",
        "ALTER TABLE \"we.ird \"\" name'\" RENAME TO \"$cdc$\\\"", "DROP TABLE \"$cdc$\\\"",
        "CREATE TABLE p (d date, v int, PRIMARY KEY (d)) PARTITION BY RANGE (d)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "CREATE TABLE p2 (d date NOT NULL, v int)", "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
        "INSERT INTO p VALUES ('2026-05-05', 1)", "UPDATE p SET d = '2027-05-05'", "CREATE INDEX p_v ON p (v)",
        "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", "UPDATE p1 SET v = 2", "ALTER TABLE p DETACH PARTITION p2", "UPDATE p2 SET v = 3",
        "ALTER TABLE p ATTACH PARTITION p1 DEFAULT", "ALTER TABLE p DROP CONSTRAINT p_pkey", "UPDATE p SET v = 4", "DROP TABLE p",
        "CREATE TYPE mood AS ENUM ('sad')", "ALTER TABLE a ADD m mood DEFAULT 'sad'", "ALTER TYPE mood ADD VALUE 'glad'",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'", "ALTER TYPE mood RENAME TO humour", "UPDATE a SET m = 'glad'",
        "CREATE TYPE pair AS (x int, y humour)", "CREATE TABLE c (id int PRIMARY KEY, p pair[])", "ALTER TYPE pair ADD ATTRIBUTE z text",
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0)", "ALTER TABLE c ADD q positive", "ALTER DOMAIN positive ADD CHECK (VALUE < 100)",
        "ALTER TYPE pair RENAME ATTRIBUTE z TO zz", "DROP TYPE pair CASCADE", "DROP DOMAIN positive CASCADE",
        "CREATE TYPE fr AS RANGE (subtype = float8)", "ALTER TABLE c ADD r fr", "ALTER TABLE c ADD mr fr_multirange",
        "CREATE SCHEMA shop", "CREATE TABLE shop.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, c int REFERENCES c)",
        "INSERT INTO shop.orders DEFAULT VALUES", "ALTER SCHEMA shop RENAME TO store", "UPDATE store.orders SET c = NULL",
        "ALTER TABLE store.orders SET SCHEMA public", "UPDATE orders SET c = NULL", "ALTER TABLE c RENAME COLUMN id TO cid",
        "ALTER TABLE c RENAME TO cc", "CREATE TABLE store.x (id int PRIMARY KEY)", "DROP SCHEMA store CASCADE",
        "CREATE SEQUENCE s", "ALTER TABLE a ALTER id SET DEFAULT nextval('s')", "ALTER SEQUENCE s OWNED BY a.id", "ALTER SEQUENCE s RESTART 5",
        "ALTER SEQUENCE s RENAME TO s2", "DROP SEQUENCE s2 CASCADE",
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'", "CREATE INDEX a_f ON a (f(id))", "DROP FUNCTION f CASCADE",
        "DO $$ BEGIN CREATE TABLE d (id int PRIMARY KEY); INSERT INTO d VALUES (1); ALTER TABLE d DROP CONSTRAINT d_pkey; UPDATE d SET id = 2; "
            + "BEGIN CREATE TABLE d2 (id int); RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; DROP TABLE d; END $$",
        "CREATE FUNCTION made() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE TABLE e (id int); UPDATE e SET id = 1; END'", "SELECT made()", "DROP TABLE e",
        "CREATE TABLE m1 (id int PRIMARY KEY); INSERT INTO m1 VALUES (1); ALTER TABLE m1 ADD t text DEFAULT now()::text; UPDATE m1 SET t = 'x'; DROP TABLE m1",
        "CREATE TEMP TABLE tt (id int)", "ALTER TABLE tt ADD t text", "UPDATE tt SET t = 'x'", "DROP TABLE tt",
        "CREATE TEMP TABLE pg_class (relkind text)", "CREATE TABLE hidden (id int PRIMARY KEY)", "UPDATE hidden SET id = 2", "DROP TABLE pg_temp.pg_class",
        "CREATE UNLOGGED TABLE u (id int PRIMARY KEY)", "INSERT INTO u VALUES (1)", "ALTER TABLE u SET LOGGED", "UPDATE u SET id = 2",
        "CREATE VIEW w AS SELECT * FROM orders", "ALTER VIEW w RENAME TO ww", "DROP VIEW ww", "CREATE MATERIALIZED VIEW mv AS SELECT 1 AS x", "DROP MATERIALIZED VIEW mv",
        "CREATE TABLE h (id int PRIMARY KEY)", "CREATE TABLE h1 (extra text) INHERITS (h)", "ALTER TABLE h ADD t text", "UPDATE h1 SET t = 'x'", "DROP TABLE h CASCADE",
        "DROP OWNED BY app CASCADE",
    ];

    [Theory]
    [InlineData("")]
    [InlineData("SET search_path = ''")]
    [InlineData("SET default_transaction_read_only = on")]
    [InlineData("SET standard_conforming_strings = off; SET escape_string_warning = off")]
    [InlineData("SET quote_all_identifiers = on; SET DateStyle = 'German'; SET bytea_output = 'escape'; SET row_security = off")]
    [InlineData("SET lock_timeout = '2s'; SET statement_timeout = '20s'; SET client_min_messages = debug5")]
    [InlineData("SET plan_cache_mode = force_custom_plan; SET enable_hashjoin = off; SET enable_seqscan = off; SET jit_above_cost = 0")]
    [InlineData("SET search_path = public, pg_temp; SET default_transaction_deferrable = on; SET default_transaction_isolation = 'serializable'")]
    public async Task Every_kind_of_DDL_goes_through_as_a_plain_role(string settings)
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await using NpgsqlConnection application = await @case.OpenAsync();
        bool isQualified = settings.Contains("search_path = ''", StringComparison.Ordinal);
        if (settings.Length > 0) await CaptureCase.ExecuteAsync(application, settings);
        bool isReadOnly = settings.Contains("read_only", StringComparison.Ordinal);
        foreach (string statement in isQualified || isReadOnly ? Qualified : Everything)
            await CaptureCase.ExecuteAsync(application, isReadOnly ? $"BEGIN READ WRITE; {statement}; COMMIT" : statement);
        List<DdlMessage> messages = await @case.MessagesAsync();
        Assert.All(messages, m => Assert.Null(m.Unreadable));
        Assert.True(messages.Count > (isQualified || isReadOnly ? 4 : 60), $"{messages.Count} messages");
    }

    static readonly string[] Qualified =
    [
        "CREATE TABLE public.a (id int PRIMARY KEY, t text)", "INSERT INTO public.a VALUES (1, 'x')", "UPDATE public.a SET t = 'y'",
        "ALTER TABLE public.a DROP CONSTRAINT a_pkey", "UPDATE public.a SET t = 'z'", "ALTER TABLE public.a ADD PRIMARY KEY (id)",
        "CREATE TABLE public.k AS SELECT 1 AS x", "UPDATE public.k SET x = 2", "DROP TABLE public.a, public.k", "DROP OWNED BY app CASCADE",
    ];

    [Fact]
    public async Task All_in_one_transaction_and_rolled_back_leaves_nothing()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await using NpgsqlConnection application = await @case.OpenAsync();
        string[] statements = [.. Everything.Where(s => !s.Contains("CONCURRENTLY", StringComparison.Ordinal)
            && s != "UPDATE p1 SET v = 2" && !s.Contains("PARTITION p1 DEFAULT", StringComparison.Ordinal))];
        await CaptureCase.ExecuteAsync(application, "BEGIN");
        foreach (string statement in statements)
        {
            // A new label can't be used in its transaction.
            if (statement == "UPDATE a SET m = 'glad'") continue;
            await CaptureCase.ExecuteAsync(application, "SAVEPOINT s");
            await CaptureCase.ExecuteAsync(application, statement);
            await CaptureCase.ExecuteAsync(application, "ROLLBACK TO s");
            await CaptureCase.ExecuteAsync(application, statement);
        }
        await CaptureCase.ExecuteAsync(application, "ROLLBACK");
        Assert.Empty(await @case.MessagesAsync());
        Assert.Equal(["old"], await @case.KeyedAsync());
    }

    [Theory]
    [InlineData("DROP SCHEMA cdc CASCADE")]
    [InlineData("DROP TABLE cdc.capture")]
    [InlineData("TRUNCATE cdc.capture")]
    [InlineData("ALTER TABLE cdc.capture DROP COLUMN seal")]
    [InlineData("DROP PUBLICATION cdc_{0}, cdc_{0}_insert")]
    [InlineData("DROP PUBLICATION cdc_{0}_insert")]
    [InlineData("DROP PUBLICATION cdc_{0}, \"cdc_{0}#1\"; ALTER PUBLICATION \"cdc_{0}#2\" SET (publish = '')")]
    [InlineData("DROP FUNCTION cdc.\"{0}_touched\"")]
    [InlineData("DROP FUNCTION cdc.\"{0}_unreadable\"; DROP FUNCTION cdc.\"{0}_tell\"")]
    [InlineData("CREATE OR REPLACE FUNCTION cdc.\"{0}_tables\"(oid[]) RETURNS json LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END'")]
    [InlineData("CREATE OR REPLACE FUNCTION cdc.\"{0}_emit\"(_message json) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END'")]
    public async Task Whatever_somebody_breaks_of_ours_the_application_goes_on(string damage)
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await @case.AdminAsync(string.Format(damage, @case.Name));
        // The table keeps its key where nothing of ours is left that could move it.
        await @case.RunAsync("CREATE TABLE n (id int PRIMARY KEY)", "INSERT INTO n VALUES (1)", "UPDATE n SET id = 2",
            "ALTER TABLE n ADD t text", "CREATE TABLE k AS SELECT 1 AS x", "UPDATE k SET x = 2", "DROP TABLE n", "DROP INDEX IF EXISTS q",
            "CREATE SCHEMA z", "CREATE TABLE z.t (id int)", "UPDATE z.t SET id = 1", "DROP SCHEMA z CASCADE", "UPDATE old SET id = 1");
    }

    [Fact]
    public async Task What_goes_wrong_inside_is_said_in_the_log()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await @case.AdminAsync($"CREATE OR REPLACE FUNCTION cdc.\"{@case.Name}_tables\"(oid[]) RETURNS json LANGUAGE plpgsql "
            + "AS 'BEGIN RAISE division_by_zero; END'");
        // Moving the table out of harm's way is not undone because it could not be told.
        await @case.RunAsync("ALTER TABLE old DROP CONSTRAINT old_pkey", "UPDATE old SET id = 1", "DELETE FROM old");
        DdlMessage message = Assert.Single(await @case.MessagesAsync());
        Assert.StartsWith("22012", message.Unreadable, StringComparison.Ordinal);
        Assert.Empty(await @case.KeyedAsync());
    }

    [Fact]
    public async Task Triggers_of_another_product_and_of_another_changefeed_do_not_disturb()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await using var other = fixture.Source(@case.Database, @case.Name + "_two");
        await (await other.StartAsync(new([]), Cancellation)).DisposeAsync();
        await @case.AdminAsync("""
            CREATE FUNCTION other() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN IF TG_TAG LIKE '%PUBLICATION%' THEN RAISE EXCEPTION 'not here'; END IF; END $$;
            CREATE EVENT TRIGGER aaa ON ddl_command_end EXECUTE FUNCTION other();
            """);
        await @case.RunAsync("CREATE TABLE n (id int PRIMARY KEY)", "INSERT INTO n VALUES (1)", "UPDATE n SET id = 2", "DROP TABLE n");
        Assert.Contains(await @case.MessagesAsync(), m => m.Unreadable?.Contains("not here", StringComparison.Ordinal) == true);
        // It forbids our publications to change: the table gets an identity with which its updates go on.
        await @case.RunAsync("ALTER TABLE old DROP CONSTRAINT old_pkey", "UPDATE old SET id = 2", "DELETE FROM old");
        await @case.AdminAsync("DROP EVENT TRIGGER aaa");
    }

    [Fact]
    public async Task DDL_beside_a_transaction_that_holds_our_publication_waits_a_while_and_succeeds()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await using NpgsqlConnection migration = await @case.OpenAsync();
        await CaptureCase.ExecuteAsync(migration, "BEGIN");
        await CaptureCase.ExecuteAsync(migration, "CREATE TABLE held (id int PRIMARY KEY)");
        await @case.RunAsync("SET statement_timeout = '4s'", "ALTER TABLE old DROP CONSTRAINT old_pkey", "UPDATE old SET id = 1",
            "DELETE FROM old");
        await CaptureCase.ExecuteAsync(migration, "COMMIT");
        Assert.Single(await @case.MessagesAsync(), m => m.Unreadable is not null);
        Assert.Equal(["held", "old"], await @case.KeyedAsync());
        Assert.Equal(["f"], await @case.QueryAsync("SELECT relreplident FROM pg_class WHERE relname = 'old'"));
        await @case.RunAsync("UPDATE held SET id = 1", "CREATE TABLE later (id int PRIMARY KEY)");
        Assert.Null(Assert.Single(await @case.MessagesAsync()).Unreadable);
    }

    [Fact]
    public async Task DDL_of_a_session_that_fires_no_ordinary_triggers_is_captured()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await using NpgsqlConnection replica = await @case.OpenAsync("postgres");
        foreach (string statement in new[] { "SET session_replication_role = replica", "CREATE TABLE n (id int PRIMARY KEY)", "UPDATE n SET id = 1" })
            await CaptureCase.ExecuteAsync(replica, statement);
        Assert.Equal("n", Assert.Single(Assert.Single(await @case.MessagesAsync()).Tables).Name.Name);
        Assert.Equal(["n", "old"], await @case.KeyedAsync());
    }

    [Fact]
    public async Task Nobody_else_can_write_a_message_that_counts()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        // As for a role that may look: a schema that everybody may use opens neither the table nor the functions.
        await @case.AdminAsync("GRANT USAGE ON SCHEMA cdc TO PUBLIC");
        await using NpgsqlConnection application = await @case.OpenAsync();
        foreach (string forbidden in new[]
        {
            "SELECT * FROM cdc.capture", $"SELECT cdc.\"{@case.Name}_emit\"('{{}}')", $"SELECT cdc.\"{@case.Name}_unreadable\"('a', 'b')",
            $"SELECT cdc.\"{@case.Name}_alter_publication\"('cdc_{@case.Name}', 'DROP TABLE old', '1 s')",
        })
        {
            await using NpgsqlCommand command = new(forbidden, application);
            PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        await CaptureCase.ExecuteAsync(application, $"SELECT pg_logical_emit_message(true, 'cdc.ddl.{@case.Name}', '{{\"v\":1}}')");
        // What one event hands to the next can be forged, and is believed only as far as the catalogs agree.
        await CaptureCase.ExecuteAsync(application, "SET cdc.pending_" + @case.Name
            + " = '[{\"kind\":\"table\",\"oid\":1,\"schema\":\"public\",\"name\":\"old\"},{\"kind\":\"schema\",\"oid\":1,\"name\":\"public\"}]'");
        await CaptureCase.ExecuteAsync(application, "CREATE TABLE n (id int)");
        Assert.DoesNotContain(await @case.MessagesAsync(), m => m.Dropped.Any(d => d.Kind == DroppedKind.Schema));
    }
}
