using System.Text.Json;
using Cdc.EndToEnd.Tests.Mistakes;
using Cdc.EndToEnd.Tests.Rig;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Commands;

/// <summary>What is left out is left out of the copy, of the stream, and after a restart.</summary>
public sealed class FilteredRunTests(SharedServer server) : IClassFixture<SharedServer>
{
    const string Secret = "4111-1111";

    [Fact]
    public async Task Columns_and_kinds_of_change_stay_out_of_the_files()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await shop.ExecuteAsync($"""
            ALTER TABLE orders ADD card text DEFAULT '{Secret}';
            CREATE TABLE log (id bigint PRIMARY KEY, line text);
            INSERT INTO log VALUES (1, 'copied');
            """);
        using CdcCommand cdc = new();
        string[] run =
        [
            "run", "--from", shop.Url, "--to", "./out", "--until", "now",
            "--exclude-columns", "public.orders.card", "--exclude-ops", "public.log:update,delete",
        ];
        (await cdc.RunAsync(run)).Expect0("the first run");
        await shop.ExecuteAsync($"""
            INSERT INTO orders VALUES (1000, 'new', '{Secret}');
            UPDATE orders SET card = '{Secret}-x' WHERE id = 1;
            DELETE FROM orders WHERE id = 2;
            INSERT INTO log VALUES (2, 'kept');
            UPDATE log SET line = 'changed';
            DELETE FROM log;
            """);
        (await cdc.RunAsync(run)).Expect0("the second run");

        string[] lines = [.. NamedFiles.Lines(cdc.PathOf("out"))];
        Assert.DoesNotContain(lines, static line => line.Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, static line => line.Contains("\"card\"", StringComparison.Ordinal));
        Assert.Equal(["c orders", "u orders", "d orders", "c log"], lines.Select(Changed).OfType<string>());
        Assert.Equal(101, lines.Count(static line => line.Contains("\"op\":\"r\"", StringComparison.Ordinal)));
        (await cdc.RunAsync(["drop", "--from", shop.Url])).Expect0("drop");
    }

    [Theory]
    [InlineData("run")]
    [InlineData("dry")]
    public async Task A_column_of_a_key_is_refused_before_anything_is_made(string how)
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        string[] run = ["run", "--from", shop.Url, "--to", "./out", "--exclude-columns", "public.orders.id"];
        ProcessResult result = await cdc.RunAsync(how == "dry" ? [.. run, "--dry-run"] : run);
        if (how == "run")
            new Mistake("a key left out", 2, "public.orders.id belongs to the key", "--exclude").Check(result);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("public.orders.id belongs to the key", result.Output + result.Error);
        Assert.Equal("0", await shop.ScalarAsync("SELECT count(*) FROM pg_publication"));
        Assert.False(Directory.Exists(cdc.PathOf("out")));
    }

    [Theory]
    [InlineData("run", "--exclude-columns", "public.orders.crad", "public.orders.card")]
    [InlineData("dry", "--exclude-columns", "public.order.card", "public.orders.card")]
    [InlineData("doctor", "--exclude-columns", "public.orders.crad", "public.orders.card")]
    [InlineData("run", "--exclude-ops", "public.ordesr:delete", "public.orders")]
    [InlineData("dry", "--exclude-ops", "public.ordesr:delete", "public.orders")]
    [InlineData("doctor", "--exclude-ops", "public.ordesr:delete", "public.orders")]
    public async Task A_pattern_that_matches_nothing_is_refused_with_the_name_it_most_likely_meant(
        string how, string flag, string pattern, string meant)
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await shop.ExecuteAsync("ALTER TABLE orders ADD card text");
        using CdcCommand cdc = new();
        string[] run = ["run", "--from", shop.Url, "--to", "./out", flag, pattern];
        ProcessResult result = await cdc.RunAsync(how switch
        {
            "dry" => [.. run, "--dry-run"],
            "doctor" => ["doctor", "--from", shop.Url, flag, pattern],
            _ => run,
        });
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"{flag} {pattern.Split(':')[0]} matches no", result.Output + result.Error);
        Assert.Contains($"Did you mean {meant}?", result.Output + result.Error);
        Assert.Equal("0", await shop.ScalarAsync("SELECT count(*) FROM pg_publication"));
        Assert.False(Directory.Exists(cdc.PathOf("out")));
    }

    [Fact]
    public async Task A_column_that_was_dropped_since_may_still_be_named()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        await shop.ExecuteAsync($"ALTER TABLE orders ADD card text DEFAULT '{Secret}'");
        using CdcCommand cdc = new();
        string[] run =
            ["run", "--from", shop.Url, "--to", "./out", "--until", "now", "--exclude-columns", "public.orders.card"];
        (await cdc.RunAsync(run)).Expect0("the first run");
        // Rows of the old shape are in the log behind the checkpoint.
        await shop.ExecuteAsync($"INSERT INTO orders VALUES (1000, 'new', '{Secret}')");
        await shop.ExecuteAsync("ALTER TABLE orders DROP card");
        (await cdc.RunAsync([.. run, "--dry-run"])).Expect0("the dry run");
        (await cdc.RunAsync(run)).Expect0("the second run");
        string[] lines = [.. NamedFiles.Lines(cdc.PathOf("out"))];
        Assert.Contains("c orders", lines.Select(Changed));
        Assert.DoesNotContain(lines, static line => line.Contains(Secret, StringComparison.Ordinal));
        (await cdc.RunAsync(["drop", "--from", shop.Url])).Expect0("drop");
    }

    static string? Changed(string line)
    {
        JsonElement row = JsonDocument.Parse(line).RootElement;
        string op = row.GetProperty("op").GetString()!;
        return op is "c" or "u" or "d" ? $"{op} {row.GetProperty("table").GetString()}" : null;
    }
}
