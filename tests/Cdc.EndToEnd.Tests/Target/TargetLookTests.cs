using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Target;

/// <summary>What is said of a database target before a run, and what is left of one after a drop.</summary>
public sealed class TargetLookTests(SharedServer server) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Doctor_and_a_dry_run_say_what_of_the_target_is_in_the_way_and_change_nothing()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster, "CREATE TABLE a (id int PRIMARY KEY)");
        await pair.AtTargetAsync("INSERT INTO a VALUES (1)");
        string[] places = ["--from", .. pair.Arguments()[2..5], "--name", pair.Name];
        foreach (string[] look in new string[][] { ["doctor", .. places], [.. pair.Arguments("--dry-run")] })
        {
            ProcessResult result = await pair.Command.RunAsync(look);
            Assert.Equal(3, result.ExitCode);
            Assert.Contains("public.a of the target holds rows already", result.Output, StringComparison.Ordinal);
            Assert.Contains("--existing keep", result.Output, StringComparison.Ordinal);
        }
        ProcessResult ready = await pair.Command.RunAsync(["doctor", .. places, "--existing", "keep"]);
        Assert.True(ready.ExitCode == 0, ready.Output + ready.Error);
        Assert.Null(await pair.AskTargetAsync("SELECT to_regnamespace('cdc')"));
    }

    [Fact]
    public async Task Doctor_names_a_target_that_is_the_source_and_one_that_is_away_and_what_a_role_lacks()
    {
        PostgresCluster cluster = server.Cluster;
        using Pair pair = await Pair.CreateAsync(cluster, "CREATE TABLE a (id int PRIMARY KEY)");
        string url = cluster.UrlFor(pair.Source);
        ProcessResult same = await pair.Command.RunAsync(["doctor", "--from", url, "--to", url]);
        Assert.Equal(3, same.ExitCode);
        Assert.Contains("same database", same.Output, StringComparison.Ordinal);

        ProcessResult away = await pair.Command.RunAsync(
            ["doctor", "--from", url, "--to", "postgres://postgres@127.0.0.1:1/nowhere"]);
        Assert.Equal(4, away.ExitCode);
        Assert.Contains("Target: ", away.Output, StringComparison.Ordinal);
        Assert.Contains("Not ready.", away.Output, StringComparison.Ordinal);

        string role = $"looker_{pair.Name}";
        await pair.AtTargetAsync($"CREATE ROLE {role} LOGIN");
        ProcessResult lacks = await pair.Command.RunAsync(
            ["doctor", "--from", url, "--to", cluster.UrlFor(pair.Target, role)]);
        Assert.Equal(3, lacks.ExitCode);
        Assert.Contains($"GRANT CREATE ON DATABASE \"{pair.Target}\"", lacks.Output, StringComparison.Ordinal);
        Assert.Contains("GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON \"public\".\"a\"", lacks.Output,
            StringComparison.Ordinal);
        Assert.Contains("GRANT SET ON PARAMETER session_replication_role", lacks.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_drop_nothing_of_ours_is_in_the_target_but_the_tables()
    {
        const string Names = "SELECT string_agg(n.nspname || '.' || c.relname, ' ' ORDER BY 1) FROM pg_class c "
            + "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\\_%' "
            + "AND n.nspname <> 'information_schema'";
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        await pair.AtSourceAsync("CREATE TABLE a (id int PRIMARY KEY, v text); "
            + "INSERT INTO a SELECT i, 'v' FROM generate_series(1, 100) i");
        await pair.RunAsync();
        // Through a stage.
        await pair.AtSourceAsync("UPDATE a SET v = 'w' WHERE id < 90; DELETE FROM a WHERE id > 95");
        await pair.RunAsync();
        ProcessResult done = await pair.Command.RunAsync(["drop", .. pair.Arguments()[1..]]);
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Equal("public.a public.a_pkey", await pair.AskTargetAsync(Names));
        Assert.Equal("0", await pair.AskTargetAsync("SELECT count(*) FROM pg_class WHERE relname LIKE 'cdc%'"));
        Assert.Equal("0", await pair.AskTargetAsync("SELECT count(*) FROM pg_event_trigger"));
    }

    [Fact]
    public async Task A_drop_of_the_demo_forgets_it_in_the_target()
    {
        using Pair pair = await Pair.CreateAsync(server.Cluster);
        string[] places =
        [
            "--from", "demo:?transactions=50&accounts=10", "--to", server.Cluster.UrlFor(pair.Target),
            "--state", pair.State,
        ];
        ProcessResult run = await pair.Command.RunAsync(["run", .. places, "--until", "now"]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal("1", await pair.AskTargetAsync("SELECT count(*) FROM cdc.progress"));
        ProcessResult plan = await pair.Command.RunAsync(["drop", .. places, "--dry-run"]);
        Assert.Contains("DROP SCHEMA cdc;", plan.Output, StringComparison.Ordinal);
        Assert.Equal("1", await pair.AskTargetAsync("SELECT count(*) FROM cdc.progress"));
        ProcessResult done = await pair.Command.RunAsync(["drop", .. places]);
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Null(await pair.AskTargetAsync("SELECT to_regnamespace('cdc')"));
        Assert.Equal("10", await pair.AskTargetAsync("SELECT count(*) FROM demo.accounts"));
        Assert.Empty(Directory.GetDirectories(pair.State));
        ProcessResult again = await pair.Command.RunAsync(["run", .. places, "--until", "now", "--existing", "truncate"]);
        Assert.True(again.ExitCode == 0, again.Error);
    }
}
