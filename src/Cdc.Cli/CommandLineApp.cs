using System.Collections.Immutable;
using Cdc.Cli.Commands;
using Cdc.Cli.Flags;
using Cdc.Cli.Logging;
using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Microsoft.Extensions.Logging;

namespace Cdc.Cli;

/// <summary>The whole command: reads what is asked, checks all of it, does it, and answers with an exit code.</summary>
static class CommandLineApp
{
    internal static async Task<int> RunAsync(string[] args, CliHost host)
    {
        Asked asked = CommandLine.Parse(args);
        FailurePrinter failures = new(host, asked.Flags.Json);
        if (asked.Help)
        {
            host.Print(asked.Verb is null ? HelpText.Overview() : HelpText.Of(asked.Verb));
            return ExitCodes.Done;
        }
        if (asked.Problems.Count > 0 || asked.Verb is not { } verb)
        {
            if (args.Length == 0) host.Error.WriteLine(HelpText.Overview());
            else failures.Usage(asked.Problems, asked.Verb);
            return ExitCodes.Usage;
        }
        if (verb == Verb.Version) return VersionCommand.Run(host, asked.Flags);
        OptionsOutcome outcome = Read(verb, asked, host, out GivenAddresses given);
        if (outcome.Problems.Length > 0)
        {
            failures.Usage(outcome.Problems, verb);
            return ExitCodes.Usage;
        }
        using ErrorLoggerFactory loggers = new(host.Error, host.Time, LeastLevel(asked.Flags));
        Invocation call = new(verb, outcome, given, asked.Flags, host, loggers, failures);
        Task<int> work = GuardedAsync(call);
        if (await Task.WhenAny(work, host.Signals.Again) == work) return await work;
        host.Error.WriteLine(call.Verb == Verb.Run && OpenChangefeed.KeepsState(outcome.Options, outcome.To!)
            ? "cdc: stopped at once. The next start goes on from the last checkpoint."
            : "cdc: stopped at once.");
        return ExitCodes.SecondSignal;
    }

    static OptionsOutcome Read(string verb, Asked asked, CliHost host, out GivenAddresses given)
    {
        List<Problem> problems = [];
        OptionLayer? file = asked.Flags.ConfigFile is { } path
            ? ReadFile(path, verb, host, problems)
            : new(ImmutableDictionary<string, IReadOnlyList<string>>.Empty, static option => option.Name);
        if (asked.Flags.LogLevelName is { } level && ErrorLoggerFactory.LevelOf(level) is null)
        {
            problems.Add(new(FailureKind.Usage, $"--log-level {level} can't be used.",
                "Expected: trace, debug, information, warning, error or none."));
        }
        given = GivenAddresses.None;
        // What is missing may well be in the file that can't be read: only one of the two is the mistake.
        if (file is null) return new(new(), ImmutableSortedDictionary<string, string>.Empty, [.. problems]);
        OptionLayer flags = new(asked.Options, static option => option.Flag);
        OptionsReader reader = new(verb, host.Environment, name => File.ReadAllText(host.PathOf(name)));
        ChangefeedOptions? defaults = verb == Verb.Demo ? DemoCommand.Defaults : null;
        OptionsOutcome outcome = reader.Read(file, flags, defaults);
        given = new(Given("from"), Given("to"));
        return outcome with { Problems = [.. problems, .. outcome.Problems] };

        string Given(string name) =>
            (asked.Options.GetValueOrDefault(name) ?? file.Values.GetValueOrDefault(name))?[0] ?? "";
    }

    static OptionLayer? ReadFile(string path, string verb, CliHost host, List<Problem> problems)
    {
        try
        {
            (OptionLayer layer, IReadOnlyList<Problem> found) = ConfigFile.Read(path,
                File.ReadAllText(host.PathOf(path)));
            problems.AddRange(found);
            // One file may serve every verb, so keys that this verb has no use for are no mistake.
            ImmutableHashSet<string> used = [.. OptionCatalog.Of(verb).Select(option => option.Name)];
            return layer with { Values = layer.Values.Where(v => used.Contains(v.Key)).ToDictionary() };
        }
        catch (Exception e) when (ConfigFile.IsUnreadable(e))
        {
            problems.Add(new(FailureKind.Usage, $"--config {path}: {ConfigFile.WhyUnreadable(e)}.",
                "Name a JSON file that exists and may be read."));
            return null;
        }
    }

    static LogLevel LeastLevel(VerbFlags flags) =>
        flags.LogLevelName is { } name ? ErrorLoggerFactory.LevelOf(name) ?? LogLevel.Warning
        : flags.Verbose ? LogLevel.Debug : LogLevel.Warning;

    static async Task<int> GuardedAsync(Invocation call)
    {
        try
        {
            return call.Verb switch
            {
                Verb.Run => await RunCommand.RunAsync(call),
                Verb.Doctor => await DoctorCommand.RunAsync(call),
                Verb.Drop => await DropCommand.RunAsync(call),
                Verb.Demo => await DemoCommand.RunAsync(call),
                _ => throw new InvalidOperationException("Every verb is handled."),
            };
        }
        catch (CdcException failure)
        {
            return call.Failures.Failed(failure);
        }
        catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
        catch (Exception unexpected)
        {
            return call.Failures.Unexpected(unexpected, call.Flags.Verbose);
        }
    }
}
