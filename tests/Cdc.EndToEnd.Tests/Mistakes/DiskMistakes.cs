using Cdc.EndToEnd.Tests.Rig;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Disks that are full, and directories that can't be written to.</summary>
public sealed class DiskMistakes(SharedServer server) : IClassFixture<SharedServer>
{
    const int Rows = 20_000;

    [Fact]
    public async Task A_full_disk_stops_the_run_and_the_next_goes_on_with_nothing_lost_or_doubled()
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        Directory.CreateDirectory(cdc.PathOf("disk"));
        await using SmallDisk disk = await SmallDisk.MakeAsync(cdc.PathOf("disk"));
        string[] run =
        [
            "run", "--from", shop.Url, "--to", "./disk/out", "--state", "./disk/state", "--name", "full",
            "--until", "now", "--rotate-bytes", "1MB", "--retry-for", "1s",
        ];
        (await disk.RunAsync(cdc, run)).Expect0("the first run");
        await shop.ExecuteAsync(
            $"INSERT INTO orders SELECT i, repeat(md5(i::text), 8) FROM generate_series(1000, {1000 + Rows - 1}) i");
        new Mistake("a full disk", 7, "The disk that holds", "nothing that was acknowledged is lost")
            .Check(await disk.RunAsync(cdc, run));
        await disk.GrowAsync();
        await shop.ExecuteAsync("INSERT INTO orders VALUES (1, 'once more') ON CONFLICT (id) DO UPDATE SET state = 'u'");
        (await cdc.RunAsync(run)).Expect0("the run with space");

        string[] lines = [.. NamedFiles.Lines(cdc.PathOf("disk/out"))];
        Assert.Equal(100, Count(lines, "r"));
        Assert.Equal(Rows, Count(lines, "c"));
        Assert.Equal(1, Count(lines, "u"));
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--name", "full", "--state", "./disk/state"])).Expect0("drop");
    }

    [Theory]
    [InlineData("--state", 7, "./closed/state")]
    [InlineData("--to", 3, "./closed/out")]
    public async Task A_directory_that_may_not_be_written_to_is_refused(string flag, int exitCode, string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes of files.");
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        Directory.CreateDirectory(cdc.PathOf("closed"));
        PlainUser.Close(cdc.PathOf("closed"));
        PlainUser.Open(cdc.Directory);
        string[] run = ["run", "--from", shop.Url, "--until", "now", .. flag == "--to" ? [] : (string[])["--to", "./out"],
            flag, path];
        new Mistake("may not be written", exitCode, "closed", "right to write")
            .Check(await PlainUser.RunAsync(cdc, run));
        Assert.Equal("0", await shop.ScalarAsync("SELECT count(*) FROM pg_publication"));
    }

    [Fact]
    public async Task A_state_that_can_no_longer_be_written_stops_the_run()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes of files.");
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        PlainUser.Open(cdc.Directory);
        string[] run = ["run", "--from", shop.Url, "--to", "./out", "--name", "closed", "--until", "now"];
        (await PlainUser.RunAsync(cdc, run)).Expect0("the first run");
        PlainUser.Close(cdc.PathOf("cdc-data/closed"));
        await shop.ExecuteAsync("INSERT INTO orders VALUES (1000, 'x')");
        new Mistake("state closed", 7, "cdc-data/closed", "right to write").Check(await PlainUser.RunAsync(cdc, run));
        PlainUser.Open(cdc.PathOf("cdc-data/closed"));
        (await PlainUser.RunAsync(cdc, run)).Expect0("the run that goes on");
        Assert.Equal(1, Count([.. NamedFiles.Lines(cdc.PathOf("out"))], "c"));
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--name", "closed"])).Expect0("drop");
    }

    static int Count(string[] lines, string op) =>
        lines.Count(line => line.Contains($"\"op\":\"{op}\"", StringComparison.Ordinal));
}
