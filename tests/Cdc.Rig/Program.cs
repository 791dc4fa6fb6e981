using Cdc.Cli;
using Cdc.Engine;
using Cdc.Rig;

// The cdc command itself, in a process that ends without a word at the step that CDC_RIG_KILL names: "BatchWritten:3" is
// the third time that a batch was written.
using CliHost host = new()
{
    Output = Console.OpenStandardOutput(),
    Error = Console.Error,
    Time = TimeProvider.System,
    Signals = StopSignals.OfProcess(),
    Milestones = Environment.GetEnvironmentVariable("CDC_RIG_KILL") is { Length: > 0 } point
        ? Guillotine.Parse(point)
        : NoMilestones.Instance,
};
return await CommandLineApp.RunAsync(args, host);
