using Cdc.EndToEnd.Tests.Rig;
using Cdc.Testing;
using Npgsql;

namespace Cdc.EndToEnd.Tests.Target;

/// <summary>The command from one database to another.</summary>
public sealed class TargetRunTests(SharedServer server) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Source_and_target_are_equal_after_a_snapshot_and_a_stream_under_load()
    {
        PostgresCluster cluster = server.Cluster;
        using Pair pair = await Pair.CreateAsync(cluster);
        await using TestApplication application = await TestApplication.InstallAsync(
            cluster.ConnectionStringFor(pair.Source), cluster.ConnectionStringFor(pair.Source), seed: 11);
        await pair.AtTargetAsync("CREATE SCHEMA shop; " + TestApplication.Tables);
        application.Start();
        await application.WriteMoreAsync(50);
        await pair.RunAsync();
        await application.WriteMoreAsync(300);
        await pair.RunAsync();
        await application.WriteMoreAsync(50);
        await application.StopAsync();
        await pair.RunAsync();
        await pair.MustBeEqualAsync(TestApplication.Compared.Select(static table => $"shop.{table}"));
    }

    [Fact]
    public async Task Rows_that_need_care_arrive_as_they_are()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster, TrickyRows.Types);
        await pair.AtSourceAsync(TrickyRows.Tables + TrickyRows.Before);
        await pair.RunAsync();
        await pair.AtSourceAsync(TrickyRows.Changes);
        foreach (string transaction in TrickyRows.Transactions) await pair.AtSourceAsync(transaction);
        await pair.RunAsync();
        await pair.MustBeEqualAsync(TrickyRows.Names);
    }

    [Fact]
    public async Task Types_changed_in_strings_blocks_and_functions_give_the_same_rows()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("""
            CREATE TYPE mood AS ENUM ('low', 'high'); CREATE SCHEMA o;
            CREATE TABLE a (id int PRIMARY KEY, v text, n int, m mood); CREATE TABLE o.b (id int PRIMARY KEY, n int);
            INSERT INTO a SELECT g, 'v' || g, g, 'low' FROM generate_series(1, 20) g; INSERT INTO o.b VALUES (1, 1);
            CREATE FUNCTION widen() RETURNS void LANGUAGE plpgsql AS
                'BEGIN ALTER TABLE a ALTER n TYPE numeric(12, 2) USING n / 4.0; END';
            """);
        await pair.RunAsync();
        string psql = PostgresBinaries.Find()["psql"];
        string[] sent =
        [
            // As migration tools send it.
            "ALTER TABLE \"a\" ALTER COLUMN \"v\" TYPE int USING substr(v, 2)::int; UPDATE \"a\" SET \"n\" = 0 WHERE \"n\" IS NULL; "
                + "ALTER TABLE \"a\" ALTER COLUMN \"v\" SET NOT NULL; ALTER TABLE \"a\" ALTER COLUMN \"v\" SET DEFAULT 7;",
            "START TRANSACTION; ALTER TABLE a ALTER n TYPE bigint USING n * 2; ALTER TABLE o.b ALTER n TYPE bigint USING n * 3; COMMIT;",
            "DO $EF$ BEGIN IF EXISTS (SELECT FROM a) THEN ALTER TABLE \"a\" ALTER COLUMN \"m\" TYPE text; END IF; END $EF$;",
            "SELECT widen(); ALTER TABLE a ADD w uuid",
        ];
        foreach (string sql in sent)
            (await ProcessRun.RunAsync(psql, ["-X", "-d", server.Cluster.UrlFor(pair.Source), "-c", sql])).Expect0("psql");
        await pair.RunAsync();
        await pair.MustBeEqualAsync("a", "o.b");
    }

    [Fact]
    public async Task A_lost_state_directory_is_rebuilt_from_the_target()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'one')");
        await pair.RunAsync();
        await pair.AtSourceAsync("INSERT INTO a VALUES (2, 'two')");
        await pair.RunAsync();
        Directory.Delete(pair.State, recursive: true);
        await pair.AtSourceAsync("INSERT INTO a VALUES (3, 'three'); UPDATE a SET v = 'uno' WHERE id = 1");
        await pair.RunAsync();
        await pair.MustBeEqualAsync("a");
    }

    [Fact]
    public async Task After_drop_with_the_target_the_same_command_starts_over()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'one')");
        await pair.RunAsync();
        string[] drop = ["drop", .. pair.Arguments()[1..]];
        await pair.Command.RunAsync([.. drop[..3], .. drop[5..]]);
        ProcessResult refused = await pair.TryAsync();
        Assert.Contains($"cdc drop --from … --to … --name {pair.Name}", refused.Error, StringComparison.Ordinal);
        ProcessResult plan = await pair.Command.RunAsync([.. drop, "--dry-run"]);
        Assert.Contains("DROP SCHEMA cdc;", plan.Output, StringComparison.Ordinal);
        ProcessResult done = await pair.Command.RunAsync(drop);
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Equal(plan.Output, done.Output);
        Assert.Null(await pair.AskTargetAsync("SELECT to_regnamespace('cdc')"));
        Assert.Equal("1", await pair.AskTargetAsync("SELECT count(*) FROM a"));
        await pair.RunAsync("--existing", "truncate");
        await pair.MustBeEqualAsync("a");
    }

    [Fact]
    public async Task The_last_line_of_a_run_removes_what_source_and_target_record()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int PRIMARY KEY)");
        string last = (await pair.RunAsync()).Error.TrimEnd().Split('\n')[^1];
        string typed = last[last.LastIndexOf("cdc drop", StringComparison.Ordinal)..].Replace("\"", "", StringComparison.Ordinal);
        ProcessResult done = await pair.Command.RunAsync([.. typed.Split(' ')[1..], "--state", pair.State]);
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Null(await pair.AskTargetAsync("SELECT to_regnamespace('cdc')"));
    }

    [Fact]
    public async Task Rows_that_the_target_holds_are_refused_before_anything_is_changed()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster, "CREATE TABLE a (id int PRIMARY KEY, v text)");
        await pair.AtSourceAsync("INSERT INTO a VALUES (1, 'source')");
        await pair.AtTargetAsync("INSERT INTO a VALUES (1, 'target'), (2, 'target')");
        ProcessResult refused = await pair.TryAsync();
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("public.a of the target holds rows already", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--existing keep", refused.Error, StringComparison.Ordinal);
        Assert.Null(await pair.AskTargetAsync("SELECT to_regnamespace('cdc')"));
        Assert.Equal("2", await pair.AskTargetAsync("SELECT count(*) FROM a WHERE v = 'target'"));
    }

    [Fact]
    public async Task Rows_that_are_kept_take_the_sources_values_and_the_others_stay()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster, "CREATE TABLE a (id int PRIMARY KEY, v text)");
        await pair.AtSourceAsync("INSERT INTO a VALUES (1, 'source'), (3, 'source')");
        await pair.AtTargetAsync("INSERT INTO a VALUES (1, 'target'), (2, 'target'), (5, 'target')");
        await pair.RunAsync("--existing", "keep");
        await pair.AtSourceAsync("""
            INSERT INTO a VALUES (5, 'source'); UPDATE a SET v = 'again' WHERE id = 3; DELETE FROM a WHERE id = 1;
            INSERT INTO a SELECT i, 'more' FROM generate_series(10, 60) i; UPDATE a SET v = 'most' WHERE id > 30;
            """);
        await pair.AtTargetAsync("DELETE FROM a WHERE id = 3");
        await pair.RunAsync("--existing", "keep");
        Assert.Equal("2 target,3 again,5 source,51 rows, 30 most", await pair.AskTargetAsync("""
            SELECT string_agg(id || ' ' || v, ',' ORDER BY id) FILTER (WHERE id < 10) || ','
                || count(*) FILTER (WHERE id >= 10) || ' rows, ' || count(*) FILTER (WHERE v = 'most') || ' most' FROM a
            """));
    }

    [Fact]
    public async Task A_row_that_is_kept_takes_the_sources_key_too_where_equal_keys_can_be_written_differently()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster, """
            CREATE TABLE a (k numeric, b bpchar, v text, PRIMARY KEY (k, b)); CREATE TABLE keys (k numeric PRIMARY KEY);
            """);
        await pair.AtSourceAsync("INSERT INTO a VALUES (1.0, 'x', 'source'); INSERT INTO keys VALUES (1.0)");
        await pair.AtTargetAsync("""
            INSERT INTO a VALUES (1, 'x ', 'target'), (2, 'x ', 'target'); INSERT INTO keys VALUES (1), (2);
            """);
        await pair.RunAsync("--existing", "keep");
        await pair.AtSourceAsync("INSERT INTO a VALUES (2.0, 'x', 'source'); INSERT INTO keys VALUES (2.0)");
        await pair.RunAsync("--existing", "keep");
        await pair.MustBeEqualAsync("a", "keys");
    }

    [Fact]
    public async Task Rows_that_are_in_the_way_are_removed_if_asked()
    {
        const string Tables = "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (a int REFERENCES a)";
        using Pair pair = await Pair.CreateAsync(server.Cluster, Tables);
        await pair.AtSourceAsync("INSERT INTO a VALUES (1, 'source')");
        await pair.AtTargetAsync("INSERT INTO a VALUES (1, 'target'), (2, 'target')");
        await pair.RunAsync("--existing", "truncate");
        await pair.MustBeEqualAsync("a", "b");
    }

    [Fact]
    public async Task One_database_is_not_its_own_target()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster, "CREATE TABLE a (id int PRIMARY KEY)");
        string url = server.Cluster.UrlFor(pair.Source);
        ProcessResult refused = await pair.Command.RunAsync(["run", "--from", url, "--to", url, "--until", "now"]);
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("same database", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_the_target_refuses_is_told_by_table_column_and_position_and_never_shown()
    {
        const string Secret = "geheim4711";
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int PRIMARY KEY, v text)");
        await pair.AtTargetAsync("CREATE TABLE a (id int PRIMARY KEY, v int)");
        await pair.RunAsync();
        await pair.AtSourceAsync($"INSERT INTO a VALUES (1, '2'), (2, '{Secret}')");
        ProcessResult stopped = await pair.TryAsync();
        Assert.Equal(5, stopped.ExitCode);
        Assert.Contains("public.a", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("column v", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("22P02", stopped.Error, StringComparison.Ordinal);
        Assert.Matches(" at [0-9A-F]{16}[.][0-9A-F]{4}", stopped.Error);
        Assert.DoesNotContain(Secret, stopped.Error + stopped.Output, StringComparison.Ordinal);
        Assert.Equal("0", await pair.AskTargetAsync("SELECT count(*) FROM a"));
    }

    [Fact]
    public async Task A_row_that_the_target_lost_stops_its_table()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int PRIMARY KEY, v text); "
            + "INSERT INTO a SELECT i, 'v' FROM generate_series(1, 100) i");
        await pair.RunAsync();
        await pair.AtTargetAsync("DELETE FROM a WHERE id = 50");
        await pair.AtSourceAsync("UPDATE a SET v = 'w'");
        ProcessResult stopped = await pair.TryAsync();
        Assert.Equal(5, stopped.ExitCode);
        Assert.Contains("has drifted", stopped.Error, StringComparison.Ordinal);
        Assert.Equal("99", await pair.AskTargetAsync("SELECT count(*) FROM a WHERE v = 'v'"));
    }

    [Fact]
    public async Task A_connection_to_the_target_lost_in_the_middle_of_a_large_transaction_does_not_end_the_run()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int, v text); CREATE TABLE b (v text)");
        await pair.RunAsync();
        CancellationToken stop = TestContext.Current.CancellationToken;
        // More than a batch takes; without a key a row that is written twice is there twice.
        await pair.AtSourceAsync("""
            BEGIN;
            INSERT INTO a SELECT i, repeat('x', 100) FROM generate_series(1, 100000) i; INSERT INTO b VALUES ('behind');
            COMMIT;
            """);
        await using NpgsqlConnection user = await server.Cluster.OpenAsync(pair.Target);
        await using NpgsqlTransaction holding = await user.BeginTransactionAsync(stop);
        await using (NpgsqlCommand hold = new("LOCK TABLE b", user, holding)) await hold.ExecuteNonQueryAsync(stop);
        await using ProcessRun run = pair.Command.Start(pair.Arguments("--until", "now"));
        string? ended;
        do
        {
            ended = await pair.AskTargetAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                + $"datname = '{pair.Target}' AND application_name = 'cdc' AND wait_event_type = 'Lock'");
        }
        while (ended == "0" && !run.HasExited);
        await holding.RollbackAsync(stop);
        ProcessResult result = await run.WaitAsync(TimeSpan.FromSeconds(90));
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("Going on from what the target has", result.Error, StringComparison.Ordinal);
        await pair.MustBeEqualAsync("a", "b");
    }

    [Fact]
    public async Task Triggers_and_foreign_keys_of_the_target_leave_alone_what_is_written()
    {
        const string Tables = """
            CREATE TABLE parent (id int PRIMARY KEY, v text);
            CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE);
            """;
        using Pair pair = await Pair.CreateAsync(server.Cluster, Tables);
        await pair.AtTargetAsync("""
            CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.v := 'shouted'; RETURN NEW; END$$;
            CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION shout();
            """);
        await pair.AtSourceAsync("INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 1), (2, 2)");
        await pair.RunAsync();
        await pair.AtSourceAsync("""
            INSERT INTO parent SELECT i, 'c' FROM generate_series(3, 40) i; UPDATE parent SET v = 'd' WHERE id = 2;
            INSERT INTO child SELECT i, i FROM generate_series(3, 40) i; DELETE FROM parent WHERE id < 20;
            """);
        await pair.RunAsync();
        await pair.MustBeEqualAsync("parent", "child");
    }

    [Fact]
    public async Task A_role_that_may_not_switch_foreign_keys_off_writes_in_the_sources_order()
    {
        PostgresCluster cluster = server.Cluster;
        const string Tables = """
            CREATE TABLE parent (id int PRIMARY KEY, v text);
            CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent);
            """;
        using Pair pair = await Pair.CreateAsync(cluster, Tables);
        string role = $"plain_{pair.Name}";
        await pair.AtTargetAsync($"""
            CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {pair.Target} TO {role};
            ALTER TABLE parent OWNER TO {role}; ALTER TABLE child OWNER TO {role};
            """);
        string[] arguments =
        [
            "run", "--from", cluster.UrlFor(pair.Source), "--to", cluster.UrlFor(pair.Target, role),
            "--name", pair.Name, "--state", pair.State, "--until", "now",
        ];
        ProcessResult first = await pair.Command.RunAsync(arguments);
        Assert.True(first.ExitCode == 0, first.Error);
        Assert.Contains("GRANT SET ON PARAMETER session_replication_role", first.Error, StringComparison.Ordinal);
        await pair.AtSourceAsync("""
            INSERT INTO parent SELECT i, 'v' FROM generate_series(1, 50) i;
            INSERT INTO child SELECT i, i FROM generate_series(1, 50) i;
            INSERT INTO parent SELECT i, 'w' FROM generate_series(51, 60) i;
            UPDATE child SET parent = id + 10; DELETE FROM parent WHERE id <= 10;
            """);
        ProcessResult second = await pair.Command.RunAsync(arguments);
        Assert.True(second.ExitCode == 0, second.Error);
        await pair.MustBeEqualAsync("parent", "child");
    }
}
