using Cdc.EndToEnd.Tests.Rig;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>A second process for the same changefeed, from another state directory, while the first does well.</summary>
public sealed class RivalTests(SharedServer server) : IClassFixture<SharedServer>
{
    [Theory]
    [InlineData("./out")]
    [InlineData("./elsewhere")]
    public async Task The_newcomer_is_refused_and_the_first_goes_on(string target)
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        string name = $"rival_{shop.Database}";
        string[] run = ["run", "--from", shop.Url, "--name", name, "--slot-wait", "1s"];
        await using (ProcessRun first = cdc.Start([.. run, "--to", "./out", "--json"]))
        {
            await StartMistakes.WaitForErrorAsync(first, "\"progress\":\"streaming\"");
            new Mistake("a rival", 4, $"cdc_{name}", "pg_terminate_backend")
                .Check(await cdc.RunAsync([.. run, "--to", target, "--state", "./another"]));
            await shop.ExecuteAsync("INSERT INTO orders VALUES (1000, 'after the rival')");
            string[] last = [.. run, "--to", "./out", "--until", "now"];
            first.Send(Signal.Terminate);
            Assert.Equal(0, (await first.WaitAsync()).ExitCode);
            (await cdc.RunAsync(last)).Expect0("the run that goes on");
        }
        string[] lines = [.. NamedFiles.Lines(cdc.PathOf("out"))];
        Assert.Single(lines, static line => line.Contains("after the rival", StringComparison.Ordinal));
        Assert.Equal(100, lines.Count(static line => line.Contains("\"op\":\"r\"", StringComparison.Ordinal)));
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--name", name])).Expect0("drop");
    }
}
