using System.Collections.Immutable;

namespace Cdc.Cli.Flags;

/// <summary>A flag that says how a command behaves, and nothing about the changefeed: it is in no file and no
/// URL.</summary>
/// <param name="ValueName">What stands for its value in help; null for a switch.</param>
sealed record VerbFlag(string Flag, string Text, string? ValueName, ImmutableArray<string> Verbs)
{
    public const string Config = "--config";
    public const string DryRun = "--dry-run";
    public const string Json = "--json";
    public const string All = "--all";
    public const string Force = "--force";
    public const string Forever = "--forever";
    public const string Verbose = "--verbose";
    public const string LogLevel = "--log-level";

    /// <summary>In the order in which help shows them.</summary>
    public static ImmutableArray<VerbFlag> Table { get; } =
    [
        new(Config, "Read options from a JSON file. Comments are allowed; flags and URLs win.", "file",
            ["run", "doctor", "drop", "demo"]),
        new(All, "Every changefeed of this source.", null, ["drop"]),
        new(DryRun, "Show what would be done, and change nothing.", null, ["run", "drop"]),
        new(Force, "End a process that still reads the slot.", null, ["drop"]),
        new(Forever, "Go on until Ctrl-C.", null, ["demo"]),
        new(Json, "Print for programs: results on stdout, progress on stderr as one object per line.", null,
            ["run", "doctor", "drop", "version"]),
        new(Verbose, "Say more, and show details of unexpected errors.", null, ["run", "doctor", "drop", "demo"]),
        new(LogLevel, "Least level to log: trace, debug, information, warning, error, none.", "level",
            ["run", "doctor", "drop", "demo"]),
    ];
}

/// <summary>The flags of <see cref="VerbFlag"/> as they were given.</summary>
sealed record VerbFlags(IReadOnlySet<string> Given, string? ConfigFile, string? LogLevelName)
{
    public bool Has(string flag) => Given.Contains(flag);
    public bool DryRun => Has(VerbFlag.DryRun);
    public bool Json => Has(VerbFlag.Json);
    public bool Verbose => Has(VerbFlag.Verbose);
}
