using System.Globalization;
using Cdc.Cli.Flags;
using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Embedded.Running;
using Cdc.Engine.Options;

namespace Cdc.Cli.Commands;

/// <summary>Runs the made-up source through to files, and ends by itself.</summary>
static class DemoCommand
{
    /// <summary>Where a demo ends by itself.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    const long MostBytes = 200_000_000;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>What holds where nothing is said.</summary>
    public static ChangefeedOptions Defaults { get; } = new() { From = Address.Demo, Transactions = 0, Rate = 2000 };

    public static async Task<int> RunAsync(Invocation call)
    {
        call = Complete(call);
        await using OpenChangefeed open = await OpenChangefeed.OpenAsync(call);
        TextWriter error = call.Host.Error;
        bool forever = call.Flags.Has(VerbFlag.Forever);
        error.WriteLine($"cdc: a made-up shop and bank (seed {call.Options.Seed}) to {call.Options.To}, "
            + (forever ? "until Ctrl-C." : "for 30 seconds or 200 MB."));
        using ChangefeedRunner runner = new(open.ToParts());
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        RunResult result;
        ProgressReporter progress = new(call.Host, () => runner.Progress, call.Flags.Json, open.IsLive);
        call.Loggers.BeforeLine = progress.Clear;
        await using (progress)
        {
            Task end = forever ? Task.CompletedTask : EndAsync(call.Host.Time, runner, stop);
            result = await runner.RunAsync(stop.Token);
            await stop.CancelAsync();
            await end;
        }
        Finish(call, runner.Progress, result);
        return ExitCodes.Done;
    }

    /// <summary>With a directory of its own to write to, and an end where the source has one.</summary>
    static Invocation Complete(Invocation call)
    {
        ChangefeedOptions options = call.Options;
        Address? to = call.Outcome.To;
        if (options.To.Length == 0)
        {
            string target = Directory.CreateTempSubdirectory("cdc-demo-").FullName;
            (options, to) = (options with { To = target }, new(Address.Files, target, []));
        }
        if (options.Transactions > 0) options = options with { Until = "now" };
        return call with { Outcome = call.Outcome with { Options = options, To = to } };
    }

    static async Task EndAsync(TimeProvider time, ChangefeedRunner runner, CancellationTokenSource stop)
    {
        long since = time.GetTimestamp();
        using PeriodicTimer timer = new(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                if (time.GetElapsedTime(since) >= Longest
                    || runner.Progress.Bytes >= MostBytes) await stop.CancelAsync();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    static void Finish(Invocation call, ChangefeedProgress progress, RunResult result)
    {
        TextWriter error = call.Host.Error;
        string rows = (progress.CopiedRows + progress.Rows).ToString("N0", CultureInfo.InvariantCulture);
        error.WriteLine($"cdc: {rows} rows are written, everything up to {result.Checkpoint}.");
        if (call.Outcome.To is { Scheme: Address.Files } to)
        {
            string directory = call.Host.PathOf(to.Place);
            error.WriteLine("Three of them:");
            foreach (string row in SampleRows.Of(directory, 3)) error.WriteLine($"  {row}");
            error.WriteLine($"The files are in {directory}");
        }
        error.WriteLine();
        error.WriteLine("Next, with a PostgreSQL of yours (wal_level = logical):");
        const string Yours = """--from "postgres://me@localhost/shop" """;
        error.WriteLine($"  cdc doctor {Yours}                         # changes nothing");
        error.WriteLine($"  cdc run    {Yours}--to stdout --until now  # leaves nothing behind");
        error.WriteLine($"  cdc run    {Yours}--to ./out               # Ctrl-C; again: goes on");
        error.WriteLine($"  cdc run    {Yours}--to \"postgres://me@localhost/copy\"  # kept equal");
    }
}
