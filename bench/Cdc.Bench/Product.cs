using System.Globalization;
using Cdc.Cli;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>The command itself: <c>cdc run</c>, with its state, its slot and its end.</summary>
sealed class Product(PostgresCluster cluster, BenchPlaces places, string name, bool toFiles) : IContender
{
    public const string Command = "product";

    /// <summary>Tables are copied, and the stream is not: there is nothing to prepare.</summary>
    public bool CopiesTables { get; init; }

    /// <summary>Run inside this program, where allocations can be asked for: compiled at run time, so not for its
    /// time.</summary>
    public bool CountsAllocations { get; init; }

    public string Name => name;

    public async Task PrepareAsync(int run)
    {
        if (CopiesTables) return;
        (await ProcessRun.RunAsync(places.Program, Arguments(run, "none", "now"))).Expect0("cdc run");
    }

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        string[] arguments = CopiesTables
            ? Arguments(run, "only", "snapshot")
            : Arguments(run, "none", $"{backlog.End:X16}.FFFF");
        (Measurement measured, ProcessResult result) = CountsAllocations
            ? await TimedProcess.RunAsync("dotnet", [Environment.GetCommandLineArgs()[0], Command, .. arguments])
            : await TimedProcess.RunAsync(places.Program, arguments);
        if (toFiles) Verify(backlog, run);
        return measured with
        {
            Rows = backlog.Rows,
            AllocatedBytes = CountsAllocations
                ? long.Parse(result.Output.Trim(), CultureInfo.InvariantCulture)
                : 0,
        };
    }

    public async Task CleanAsync(int run)
    {
        if (toFiles) Directory.Delete(PlaceOf(run), recursive: true);
        (await ProcessRun.RunAsync(places.Program,
            ["drop", "--from", cluster.Url, "--name", NameOf(run), "--state", State]))
            .Expect0("cdc drop");
    }

    /// <summary>What the process of its own does: the command, then the bytes it has allocated.</summary>
    public static async Task<int> RunHereAsync(string[] arguments)
    {
        using CliHost host = CliHost.OfProcess();
        int code = await CommandLineApp.RunAsync(arguments, host);
        Console.Write(GC.GetTotalAllocatedBytes().ToString(CultureInfo.InvariantCulture));
        return code;
    }

    string State => places.File("state");

    string[] Arguments(int run, string snapshot, string until) =>
    [
        "run", "--from", cluster.Url, "--to", toFiles ? PlaceOf(run) : "blackhole", "--name", NameOf(run),
        "--state", State, "--tables", "public.bench", "--snapshot", snapshot, "--until", until,
    ];

    void Verify(Backlog backlog, int run)
    {
        long lines = 0;
        foreach (string file in Directory.EnumerateFiles(PlaceOf(run), "*.ndjson", SearchOption.AllDirectories))
            lines += File.ReadLines(file).LongCount(static line => !line.Contains("\"op\":\"checkpoint\""));
        if (lines != backlog.Rows)
            throw new InvalidOperationException($"{lines} rows are in the files instead of {backlog.Rows}.");
    }

    string PlaceOf(int run) => places.File($"out_{run}");

    static string NameOf(int run) => $"bench_{run}";
}
