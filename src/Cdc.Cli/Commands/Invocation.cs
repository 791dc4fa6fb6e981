using Cdc.Cli.Flags;
using Cdc.Cli.Logging;
using Cdc.Cli.Output;
using Cdc.Engine.Options;

namespace Cdc.Cli.Commands;

/// <summary>One verb with everything it was given, checked.</summary>
/// <param name="FromGiven">The source's address as it was given, <c>env:NAME</c> and <c>@file</c> unfollowed.</param>
sealed record Invocation(
    string Verb, OptionsOutcome Outcome, string FromGiven, VerbFlags Flags, CliHost Host, ErrorLoggerFactory Loggers,
    FailurePrinter Failures)
{
    public ChangefeedOptions Options => Outcome.Options;
    public CancellationToken Stop => Host.Signals.Stop;

    /// <summary>The command that removes what a changefeed leaves in the source, to be typed as it is.</summary>
    public string DropCommandOf(string name)
    {
        string from = Secrets.Masked(FromGiven);
        return $"{Command} drop --from \"{from}\" --name {name}";
    }

    const string Command = Cdc.Cli.Flags.Verb.Command;
}
