using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Embedded.Running;

namespace Cdc.Cli.Commands;

/// <summary>Runs one changefeed.</summary>
static class RunCommand
{
    public static async Task<int> RunAsync(Invocation call)
    {
        await using OpenChangefeed open = await OpenChangefeed.OpenAsync(call);
        call.Failures.DropCommand = ($"cdc drop --name {open.Name}", call.DropCommandOf(open.Name));
        if (call.Flags.DryRun) return await DryRun.ShowAsync(call, open);
        if (!call.Flags.Json) call.Host.Error.WriteLine($"cdc: changefeed {open.Name}, {open.Route}");
        using ChangefeedRunner runner = new(open.ToParts());
        RunResult result;
        ProgressReporter progress = new(call.Host, () => runner.Progress, call.Flags.Json, open.IsLive);
        call.Loggers.BeforeLine = progress.Clear;
        await using (progress) result = await runner.RunAsync(call.Stop);
        Farewell.Say(call, open, result);
        return ExitCodes.Done;
    }
}
