using System.Text.Json;
using Cdc.EndToEnd.Tests.Mistakes;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Commands;

/// <summary>What the README's first screen promises, done in its order.</summary>
public sealed class FirstScreenTests(SharedServer server) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Doctor_changes_nothing_and_says_what_is_there()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await shop.ExecuteAsync("ANALYZE");
        await shop.ExecuteAsync("CREATE TABLE keyless (a int)");
        using CdcCommand cdc = new();
        ProcessResult result =
            (await cdc.RunAsync(["doctor", "--from", shop.Url, "--format", "debezium"])).Expect0("doctor");
        Assert.Contains("2 tables match, about 100 rows", result.Output);
        Assert.Contains(", without the 1 that the server has not analyzed yet", result.Output);
        Assert.Contains("Ready.", result.Output);
        Assert.Contains("ALTER TABLE \"public\".\"orders\" REPLICA IDENTITY FULL;", result.Output);
        Assert.Contains("public.keyless", result.Output);
        Assert.Contains("rows and DDL", result.Output);
        using JsonDocument page =
            JsonDocument.Parse((await cdc.RunAsync(["doctor", "--from", shop.Url, "--json"])).Output);
        Assert.True(page.RootElement.GetProperty("ready").GetBoolean());
        Assert.Equal("0", await shop.ScalarAsync("SELECT count(*) FROM pg_publication"));
    }

    [Fact]
    public async Task Standard_output_until_now_leaves_nothing_behind()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        ProcessResult result = (await cdc.RunAsync(
            ["run", "--from", shop.Url, "--to", "stdout", "--until", "now"])).Expect0("run");
        Assert.Equal(100, Ops(result.Output).Count(op => op == "r"));
        Assert.Contains("nothing stays", result.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(cdc.Directory));
        Assert.Equal("0", await Left(shop));
    }

    [Fact]
    public async Task A_run_stops_at_Ctrl_C_goes_on_when_started_again_and_is_dropped()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        string[] run = ["run", "--from", shop.Url, "--to", "./out"];
        await using (ProcessRun first = cdc.Start([.. run, "--json"]))
        {
            await StartMistakes.WaitForErrorAsync(first, "\"progress\":\"streaming\"");
            first.Send(Signal.Interrupt);
            ProcessResult stopped = await first.WaitAsync();
            Assert.Equal(0, stopped.ExitCode);
            Assert.Contains("cdc drop --from", stopped.Error);
        }
        await shop.ExecuteAsync("UPDATE orders SET state = 'paid' WHERE id = 1; DELETE FROM orders WHERE id = 2");
        ProcessResult second = (await cdc.RunAsync([.. run, "--until", "now"])).Expect0("the second run");
        string drop = second.Error.TrimEnd().Split('\n')[^1];
        Assert.Contains($"cdc drop --from \"{shop.Url}\" --name {shop.Database}_", drop);
        string written = string.Concat(
            Directory.EnumerateFiles(cdc.PathOf("out/data")).Order(StringComparer.Ordinal).Select(File.ReadAllText));
        Assert.Equal(100, Ops(written).Count(op => op == "r"));
        Assert.Equal(["u", "d"], Ops(written).Where(op => op is "c" or "u" or "d"));

        ProcessResult dry = (await cdc.RunAsync(["drop", "--from", shop.Url, "--dry-run"])).Expect0("drop --dry-run");
        Assert.Contains("pg_drop_replication_slot", dry.Output);
        Assert.NotEqual("0", await Left(shop));
        (await cdc.RunAsync(["drop", "--from", shop.Url])).Expect0("drop");
        Assert.Equal("0", await Left(shop));
        Assert.Empty(Directory.EnumerateDirectories(cdc.PathOf("cdc-data")));
        ProcessResult again = (await cdc.RunAsync(["drop", "--from", shop.Url])).Expect0("drop again");
        Assert.Contains("nothing to remove", again.Error);
    }

    [Fact]
    public async Task A_run_says_once_what_is_worth_knowing_about_its_tables()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await shop.ExecuteAsync("CREATE TABLE keyless (a int)");
        using CdcCommand cdc = new();
        ProcessResult result = (await cdc.RunAsync(
            ["run", "--from", shop.Url, "--to", "stdout", "--until", "now"])).Expect0("run");
        string warning = Assert.Single(result.Error.Split('\n'), static line => line.Contains("public.keyless"));
        Assert.Contains(" warn ", warning);
        Assert.Contains("only its inserts and truncates are captured", warning);
        Assert.Contains("REPLICA IDENTITY FULL", warning);
    }

    [Fact]
    public async Task A_dry_run_shows_everything_and_changes_nothing()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        ProcessResult result =
            (await cdc.RunAsync(["run", "--from", shop.Url, "--to", "./out", "--dry-run"])).Expect0("run");
        Assert.Contains("public.orders", result.Output);
        Assert.Contains("CREATE PUBLICATION", result.Output);
        Assert.Contains("CREATE_REPLICATION_SLOT", result.Output);
        Assert.Contains("snapshotParallel  2  (default)", result.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(cdc.Directory));
        Assert.Equal("0", await Left(shop));
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_run_quietly()
    {
        using CdcCommand cdc = new();
        string pipe = $"'{CdcCommand.Host}' '{CdcCommand.Program}' "
            + "run --from 'demo:?transactions=0' --to stdout | head -n 5; echo \"exit ${PIPESTATUS[0]}\"";
        ProcessResult result = await ProcessRun.RunAsync("bash", ["-c", pipe], TimeSpan.FromSeconds(60));
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.Equal("exit 0", lines[^1]);
        Assert.DoesNotContain("fix:", result.Error);
    }

    [Fact]
    public async Task A_demo_ends_by_itself_and_shows_three_rows_and_the_next_commands()
    {
        using CdcCommand cdc = new();
        ProcessResult result = (await cdc.RunAsync(
            ["demo", "--to", "./demo", "--transactions", "2000", "--rate", "0"])).Expect0("demo");
        Assert.Empty(result.Output);
        Assert.Equal(3, result.Error.Split('\n').Count(line => line.StartsWith("  {", StringComparison.Ordinal)));
        Assert.Equal(["doctor", "run", "run", "run"], result.Error.Split('\n')
            .Where(line => line.StartsWith("  cdc ", StringComparison.Ordinal)).Select(line => line.Split(' ')[3]));
        Assert.Contains("--to \"postgres://", result.Error);
        Assert.Contains(cdc.PathOf("demo"), result.Error);
    }

    [Theory]
    [InlineData("1", "2")]
    [InlineData("3", "1000")]
    public async Task A_short_demo_shows_three_rows_as_well(string transactions, string accounts)
    {
        using CdcCommand cdc = new();
        ProcessResult result = (await cdc.RunAsync(
            ["demo", "--to", "./demo", "--transactions", transactions, "--accounts", accounts])).Expect0("demo");
        Assert.Equal(3, result.Error.Split('\n').Count(line => line.StartsWith("  {", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_name_that_is_not_given_takes_no_second_look_at_the_source()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        string file = cdc.Write("passwords", "*:*:*:*:secret");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        ProcessResult result = (await cdc.RunAsync(["run", "--from", shop.Url, "--to", "stdout", "--until", "now"],
            new Dictionary<string, string?> { ["PGPASSFILE"] = file })).Expect0("run");
        // A source says this when it is made.
        Assert.Single(result.Error.Split('\n'), static line => line.Contains("is left aside"));
    }

    [Fact]
    public async Task What_stays_is_said_to_programs_with_the_command_that_removes_it()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        ProcessResult result = (await cdc.RunAsync(
            ["run", "--from", shop.Url, "--to", "./out", "--until", "now", "--json"])).Expect0("run");
        string last = result.Error.TrimEnd().Split('\n')[^1];
        JsonElement done = JsonDocument.Parse(last).RootElement;
        string left = Assert.Single(done.GetProperty("leftBehind").EnumerateArray()).GetString()!;
        Assert.Contains(done.GetProperty("drop").GetString()!, left);
        Assert.Contains("--from", left);
        (await cdc.RunAsync(["drop", "--from", shop.Url])).Expect0("drop");
    }

    static Task<string?> Left(Shop shop) => shop.ScalarAsync($"""
        SELECT (SELECT count(*) FROM pg_publication)
            + (SELECT count(*) FROM pg_replication_slots WHERE database = '{shop.Database}')
        """);

    static IEnumerable<string> Ops(string lines) => lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("op").GetString()!);
}
