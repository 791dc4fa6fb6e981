using Cdc.Cli.Flags;
using Cdc.Cli.Logging;
using Cdc.Cli.Output;
using Cdc.Engine.Options;

namespace Cdc.Cli.Commands;

/// <summary>One verb with everything it was given, checked.</summary>
/// <param name="Given">The addresses as they were given.</param>
sealed record Invocation(
    string Verb, OptionsOutcome Outcome, GivenAddresses Given, VerbFlags Flags, CliHost Host,
    ErrorLoggerFactory Loggers, FailurePrinter Failures)
{
    public ChangefeedOptions Options => Outcome.Options;
    public CancellationToken Stop => Host.Signals.Stop;

    /// <summary>The command that removes what a changefeed leaves in the source and records in a database as target, to
    /// be typed as it is.</summary>
    public string DropCommandOf(string name)
    {
        string to = Outcome.To?.Scheme == Address.Postgres ? $" --to \"{Secrets.Masked(Given.To)}\"" : "";
        return $"{Command} drop --from \"{Secrets.Masked(Given.From)}\"{to} --name {name}";
    }

    const string Command = Cdc.Cli.Flags.Verb.Command;
}
