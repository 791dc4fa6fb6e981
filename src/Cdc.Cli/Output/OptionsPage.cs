using System.Text;
using Cdc.Cli.Flags;
using Cdc.Engine.Options;

namespace Cdc.Cli.Output;

/// <summary>The page <c>docs/options.md</c>, made from the tables of options.</summary>
static class OptionsPage
{
    public static string Text()
    {
        StringBuilder text = new();
        text.Append("""
            # Options

            Made from the table of options in the code; a test fails when the two differ
            (`CDC_WRITE_DOCS=1` makes it write the page anew).

            Every option of a changefeed has one meaning and up to three spellings: a flag, a key of the JSON file that
            `--config` names (comments and trailing commas are allowed), and a parameter of the address's URL where the
            table names the kind of address. A flag wins over the URL, the URL over the file, the file over the default.
            Unknown names are errors.

                cdc run --from env:SHOP --to "file:./out?format=debezium" --snapshot-parallel 4

                {
                  "from": "env:SHOP",        // the address is in the environment
                  "to": "./out",
                  "snapshotParallel": 4,
                  "tables": ["public.orders", "sales"],
                }

            `--from` and `--to` take `env:NAME` (the environment variable holds the address) and `@file` (the file
            holds it). Times are `500ms`, `5s`, `2m`, `1h`, `1d`; sizes are `512KB`, `64MB`, `64MiB`, `1GiB`.

            ## Options of a changefeed


            """);
        text.AppendLine("| Flag | Key | Value | Default | Verbs | URL of | Meaning |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (OptionDefinition option in OptionCatalog.All)
        {
            text.AppendLine(
                $"| `{option.Flag}` | `{option.Name}` | {Value(option)} | {Cell(option.Default)} | "
                + $"{string.Join(' ', option.Verbs)} | {Cell(string.Join(' ', option.Schemes))} | {option.Text} |");
        }
        text.AppendLine().AppendLine("## Flags of the command").AppendLine();
        text.AppendLine("| Flag | Value | Verbs | Meaning |");
        text.AppendLine("|---|---|---|---|");
        foreach (VerbFlag flag in VerbFlag.Table)
            text.AppendLine($"| `{flag.Flag}` | {flag.ValueName} | {string.Join(' ', flag.Verbs)} | {flag.Text} |");
        return text.ToString().ReplaceLineEndings("\n").Replace(" |  |", " | |", StringComparison.Ordinal);
    }

    static string Value(OptionDefinition option) =>
        option.Kind == OptionKind.Choice ? string.Join(", ", option.Choices.Select(word => $"`{word}`"))
        : option.Kind == OptionKind.Switch ? "`true`, `false`" : option.ValueName;

    static string Cell(string text) => text.Length == 0 ? "" : $"`{text}`";
}
