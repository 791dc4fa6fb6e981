using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>State, target and slot that don't belong together: nothing may be lost in silence.</summary>
public sealed class StartMistakes(SharedServer server) : IClassFixture<SharedServer>
{
    /// <summary>What is done between a first run that went well and the one that must be refused.</summary>
    delegate Task Spoil(Shop shop, CdcCommand cdc);

    static readonly (Mistake Mistake, Spoil Spoil)[] s_table =
    [
        (new("slot dropped", 6, "Slot cdc_f is gone", "cdc drop --from"),
            (shop, _) => shop.ExecuteAsync("SELECT pg_drop_replication_slot('cdc_f')")),
        (new("slot moved on by somebody else", 6, "beyond our checkpoint", "new snapshot"), async (shop, _) =>
        {
            await shop.ExecuteAsync("INSERT INTO orders VALUES (1000, 'x')");
            await shop.ExecuteAsync("SELECT pg_replication_slot_advance('cdc_f', pg_current_wal_lsn())");
        }),
        (new("slot of another state directory", 3, "this state directory knows nothing of it", "--state"), (_, cdc) =>
        {
            Directory.Delete(cdc.PathOf("cdc-data"), recursive: true);
            Directory.Delete(cdc.PathOf("out"), recursive: true);
            return Task.CompletedTask;
        }),
        (new("state cut short", 7, "state.json", "state"), (_, cdc) =>
        {
            string path = cdc.PathOf("cdc-data/f/state.json");
            using FileStream file = new(path, FileMode.Open);
            file.SetLength(file.Length / 2);
            return Task.CompletedTask;
        }),
        (new("state of a newer version", 7, "format", "newer"), (_, cdc) =>
        {
            string path = cdc.PathOf("cdc-data/f/state.json");
            string text = File.ReadAllText(path);
            Assert.Contains("\"format\":1", text.Replace(" ", ""), StringComparison.OrdinalIgnoreCase);
            File.WriteAllText(path, System.Text.RegularExpressions.Regex.Replace(
                text, "(?i)(\"format\":\\s*)1", "${1}99"));
            return Task.CompletedTask;
        }),
        (new("publication dropped", 6, "publication \"cdc_f\" does not exist", "new snapshot"), (shop, _) =>
            shop.ExecuteAsync("DROP PUBLICATION cdc_f; INSERT INTO orders VALUES (1000, 'x')")),
        (new("target's directory deleted", 3, "no record of the tables copied", "cdc drop --from"), (_, cdc) =>
        {
            Directory.Delete(cdc.PathOf("out"), recursive: true);
            return Task.CompletedTask;
        }),
        (new("a file where the target's directory should be", 3, "out", "directory"), (_, cdc) =>
        {
            Directory.Delete(cdc.PathOf("out"), recursive: true);
            File.WriteAllText(cdc.PathOf("out"), "not a directory");
            return Task.CompletedTask;
        }),
    ];

    public static TheoryData<string> Names => new(s_table.Select(row => row.Mistake.Name));

    static string[] Run(Shop shop, string name = "f") =>
        ["run", "--from", shop.Url, "--to", "./out", "--name", name, "--until", "now", "--slot-wait", "1s"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_refused_with_a_sentence_and_a_way_out(string mistake)
    {
        (Mistake expected, Spoil spoil) = s_table.Single(row => row.Mistake.Name == mistake);
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        try
        {
            (await cdc.RunAsync(Run(shop))).Expect0("the first run");
            await spoil(shop, cdc);
            expected.Check(await cdc.RunAsync(Run(shop)));
        }
        finally
        {
            (await cdc.RunAsync(["drop", "--from", shop.Url, "--all", "--force"])).Expect0("drop");
        }
    }

    [Fact]
    public async Task A_state_of_another_source_is_refused()
    {
        Shop one = await Shop.CreateAsync(server.Cluster);
        Shop two = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        (await cdc.RunAsync(Run(one, "other"))).Expect0("the first run");
        await one.ExecuteAsync("SELECT pg_drop_replication_slot('cdc_other')");
        new Mistake("state of another source", 6, "another database", "--from").Check(await cdc.RunAsync(
            ["run", "--from", two.Url, "--to", "./elsewhere", "--name", "other", "--until", "now"]));
    }

    [Fact]
    public async Task A_target_of_another_changefeed_is_refused()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        (await cdc.RunAsync(Run(shop, "mine"))).Expect0("the first run");
        new Mistake("target of another changefeed", 3, "belongs to changefeed", "another target")
            .Check(await cdc.RunAsync(Run(shop, "yours")));
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--all"])).Expect0("drop");
    }

    [Fact]
    public async Task A_second_process_on_the_same_state_is_refused()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        (await cdc.RunAsync(Run(shop, "twice"))).Expect0("the first run");
        await using (ProcessRun first = cdc.Start(
            ["run", "--from", shop.Url, "--to", "./out", "--name", "twice", "--json"]))
        {
            await WaitForErrorAsync(first, "\"progress\":\"streaming\"");
            new Mistake("a second process", 7, $"{first.Id}", "").Check(await cdc.RunAsync(Run(shop, "twice")));
            new Mistake("drop while it runs", 7, $"{first.Id}",
                "").Check(await cdc.RunAsync(["drop", "--from", shop.Url]));
            first.Send(Signal.Terminate);
            Assert.Equal(0, (await first.WaitAsync()).ExitCode);
        }
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--all"])).Expect0("drop");
    }

    internal static async Task WaitForErrorAsync(ProcessRun run, string text)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        while (!run.Error.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(limit.IsCancellationRequested || run.HasExited, $"'{text}' did not come\n{run.Error}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
