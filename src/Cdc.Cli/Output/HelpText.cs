using System.Text;
using Cdc.Cli.Flags;
using Cdc.Engine.Options;

namespace Cdc.Cli.Output;

/// <summary>Help, made from the tables of verbs and options.</summary>
static class HelpText
{
    const int Width = 100;
    const int Indent = 34;

    public static string Overview()
    {
        StringBuilder text = new();
        text.AppendLine(
            "cdc: change data capture. A database's tables, then every change, to another database or files.");
        text.AppendLine();
        text.AppendLine("Usage: cdc <verb> [flags]");
        text.AppendLine();
        foreach (Verb verb in Verb.All) text.AppendLine($"  {verb.Name,-10}{verb.Text}");
        text.AppendLine();
        text.AppendLine("Examples:");
        text.AppendLine("  cdc demo");
        foreach (string example in Verb.Of(Verb.Run).Examples[..3]) text.AppendLine($"  {example}");
        text.AppendLine();
        text.Append("cdc <verb> --help says more. docs/options.md has every option in all its spellings.");
        return text.ToString();
    }

    public static string Of(string name)
    {
        Verb verb = Verb.Of(name);
        StringBuilder text = new();
        text.AppendLine($"cdc {verb.Name}: {verb.Text}");
        if (verb.About.Length > 0) text.AppendLine().AppendLine(verb.About);
        text.AppendLine().AppendLine($"Usage: cdc {verb.Name} [flags]").AppendLine();
        foreach (OptionDefinition option in OptionCatalog.Of(name))
        {
            string value = option.ValueName.Length == 0 ? ""
                : option.Kind == OptionKind.Choice ? $" {option.ValueName}" : $" <{option.ValueName}>";
            bool showsDefault = option.Default.Length > 0 && option.Default != "false";
            Line(text, option.Flag + value, option.Text + (showsDefault ? $" [{option.Default}]" : ""));
        }
        foreach (VerbFlag flag in VerbFlag.Table.Where(flag => flag.Verbs.Contains(name)))
            Line(text, flag.Flag + (flag.ValueName is null ? "" : $" <{flag.ValueName}>"), flag.Text);
        if (OptionCatalog.Of(name).Any(option => option.Kind == OptionKind.Address))
            text.AppendLine().AppendLine(
                "An address may be given as env:NAME or @file, so that its password is seen nowhere.");
        text.AppendLine().AppendLine("Examples:");
        foreach (string example in verb.Examples) text.AppendLine($"  {example}");
        return text.ToString().TrimEnd();
    }

    static void Line(StringBuilder text, string flag, string about)
    {
        string left = $"  {flag}";
        if (left.Length > Indent - 2)
        {
            text.AppendLine(left);
            left = "";
        }
        foreach (string line in Wrapped(about, Width - Indent))
        {
            text.AppendLine(left.PadRight(Indent) + line);
            left = "";
        }
    }

    static IEnumerable<string> Wrapped(string about, int width)
    {
        StringBuilder line = new();
        foreach (string word in about.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }
            if (line.Length > 0) line.Append(' ');
            line.Append(word);
        }
        yield return line.ToString();
    }
}
