using System.Collections.Immutable;

namespace Cdc.Cli.Flags;

/// <summary>One verb of the command, as help shows it.</summary>
sealed record Verb(string Name, string Text, string About, ImmutableArray<string> Examples)
{
    public const string Demo = "demo";
    public const string Doctor = "doctor";
    public const string Run = "run";
    public const string Drop = "drop";
    public const string Version = "version";

    /// <summary>The name of the command itself.</summary>
    public const string Command = "cdc";

    public static ImmutableArray<Verb> All { get; } =
    [
        new(Demo, "See it work, with a made-up database in this process.",
            "Runs bank transfers and orders through to files for 30 seconds or 200 MB, whichever comes first.",
            ["cdc demo", "cdc demo --format debezium --to ./demo", "cdc demo --forever --rate 100"]),
        new(Doctor, "Look at a source, and a target, and say what keeps a run from starting.",
            "Changes nothing. Every problem comes with the statement that fixes it.",
            ["""cdc doctor --from "postgres://me@localhost/shop" """.Trim(),
             """cdc doctor --from env:SHOP --tables public --format debezium""",
             "cdc doctor --from env:SHOP --to env:COPY"]),
        new(Run, "Copy tables, then carry every change; start again to go on.",
            "Ctrl-C stops cleanly. The same command goes on where it stopped.",
            ["""cdc run --from "postgres://me@localhost/shop" --to stdout --until now""",
             """cdc run --from "postgres://me@localhost/shop" --to ./out""",
             """cdc run --from "postgres://me@localhost/shop" --to "postgres://me@localhost/copy" """.Trim(),
             """cdc run --from env:SHOP --to ./out --tables sales --tables public.orders --exclude sales.audit""",
             "cdc run --config cdc.json --dry-run"]),
        new(Drop, "Remove what a changefeed made in a source, and what it recorded in a target.",
            "Prints each statement, and forgets the state. Can be repeated. What was written stays.",
            ["""cdc drop --from "postgres://me@localhost/shop" """.Trim(),
             """cdc drop --from env:SHOP --name shop_1a2b3c --dry-run""",
             "cdc drop --from env:SHOP --to env:COPY",
             """cdc drop --from env:SHOP --all"""]),
        new(Version, "Print the version.", "", ["cdc version", "cdc version --json"]),
    ];

    public static Verb Of(string name) => All.First(verb => verb.Name == name);
}
