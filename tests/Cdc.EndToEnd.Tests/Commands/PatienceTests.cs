using System.Text.Json;
using Cdc.EndToEnd.Tests.Mistakes;
using Cdc.EndToEnd.Tests.Rig;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Commands;

/// <summary>What a run waits for, and what it does not wait for.</summary>
public sealed class PatienceTests(SharedServer server) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task A_line_that_is_down_at_the_start_and_breaks_in_the_copy_costs_no_row_and_doubles_none()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await shop.ExecuteAsync("""
            CREATE TABLE large (id int PRIMARY KEY, filler text);
            INSERT INTO large SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i;
            """);
        await using FlakyLine line = new(server.Cluster.Port);
        using CdcCommand cdc = new();
        string url = shop.Url.Replace($":{server.Cluster.Port}/", $":{line.Port}/", StringComparison.Ordinal);
        await using ProcessRun run =
            cdc.Start(["run", "--from", url, "--to", "./out", "--until", "now", "--retry-for", "5m", "--json"]);
        await StartMistakes.WaitForErrorAsync(run, "Trying again in");
        line.Up(bytes: 4_000_000);
        await StartMistakes.WaitForErrorAsync(run, "\"progress\":\"retrying\"");
        Assert.Equal("1", await shop.ScalarAsync(
            $"SELECT count(*) FROM pg_replication_slots WHERE database = '{shop.Database}'"));
        await shop.ExecuteAsync("UPDATE large SET filler = 'y' WHERE id <= 10; INSERT INTO large VALUES (0, '')");
        line.Up();
        (await run.WaitAsync(TimeSpan.FromSeconds(90))).Expect0("the run");

        Dictionary<long, int> rows = [];
        foreach (string text in NamedFiles.Lines(cdc.PathOf("out")))
        {
            JsonElement row = JsonDocument.Parse(text).RootElement;
            if (row.GetProperty("table").GetString() != "large" || row.GetProperty("op").GetString() == "u") continue;
            long id = row.GetProperty("after").GetProperty("id").GetInt64();
            rows[id] = rows.GetValueOrDefault(id) + 1;
        }
        Assert.Equal(40001, rows.Count);
        Assert.All(rows.Values, static count => Assert.Equal(1, count));
        (await cdc.RunAsync(["drop", "--from", shop.Url])).Expect0("drop");
    }

    [Fact]
    public async Task A_position_of_an_idle_server_is_reached()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        // No keepalive comes because time has passed. What comes without being asked all the same, where the slot lags
        // behind, differs from server to server: LogReaderTests has one that says nothing.
        await shop.ExecuteAsync($"ALTER DATABASE {shop.Database} SET wal_sender_timeout = 0");
        using CdcCommand cdc = new();
        string[] run = ["run", "--from", shop.Url, "--to", "./out", "--name", "idle", "--heartbeat", "0"];
        (await cdc.RunAsync([.. run, "--until", "now"])).Expect0("the first run");
        await shop.ExecuteAsync("INSERT INTO orders VALUES (1000, 'new')");
        string lsn = (await shop.ScalarAsync("SELECT (pg_current_wal_flush_lsn() - '0/0')::text"))!;
        string position = $"{ulong.Parse(lsn, System.Globalization.CultureInfo.InvariantCulture):X16}.0000";
        foreach (string what in new[] { "the row's position", "the same, which is the checkpoint" })
            (await cdc.RunAsync([.. run, "--until", position])).Expect0(what);
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--name", "idle"])).Expect0("drop");
    }

    [Fact]
    public async Task A_run_removes_what_a_killed_one_left_in_the_temporary_directory_and_not_what_a_live_one_has()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        string temporary = Directory.CreateDirectory(cdc.PathOf("tmp")).FullName;
        Dictionary<string, string?> environment = new() { ["TMPDIR"] = temporary };
        string[] run = ["run", "--from", shop.Url, "--to", "stdout", "--json"];
        await using ProcessRun killed = cdc.Start([.. run, "--name", "killed"], environment);
        await StartMistakes.WaitForErrorAsync(killed, "\"progress\":\"streaming\"");
        await using ProcessRun live = cdc.Start([.. run, "--name", "live"], environment);
        await StartMistakes.WaitForErrorAsync(live, "\"progress\":\"streaming\"");
        killed.Kill();
        await killed.WaitAsync();
        Assert.Equal(2, Directory.GetDirectories(temporary, "cdc-spill-*").Length);
        (await cdc.RunAsync([.. run, "--name", "next", "--until", "now"], environment)).Expect0("the next run");
        string left = Assert.Single(Directory.GetDirectories(temporary, "cdc-spill-*"));
        Assert.Contains("cdc-spill-live-", left);
        live.Send(Signal.Terminate);
        Assert.Equal(0, (await live.WaitAsync()).ExitCode);
        Assert.Empty(Directory.GetDirectories(temporary, "cdc-spill-*"));
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--all"])).Expect0("drop");
    }
}
