using System.CommandLine;
using System.CommandLine.Parsing;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;

namespace Cdc.Cli.Flags;

/// <summary>What was asked for, before any of it was checked against the other places that options come from.</summary>
/// <param name="Verb">Null: none was given, or one that does not exist.</param>
sealed record Asked(
    string? Verb, bool Help, IReadOnlyDictionary<string, IReadOnlyList<string>> Options, VerbFlags Flags,
    IReadOnlyList<Problem> Problems);

/// <summary>Makes the parser from the table of options, and reads a command line with it.</summary>
static class CommandLine
{
    // Values may begin with @, which stands for a file that holds an address, never for more flags.
    static readonly ParserConfiguration s_plain = new() { ResponseFileTokenReplacer = null,
        EnablePosixBundling = false };

    public static Asked Parse(string[] args)
    {
        if (args is ["help", .. string[] rest]) args = [.. rest, "--help"];
        if (args is ["--version"]) args = [Verb.Version];
        RootCommand root = Build();
        ParseResult result = root.Parse(args, s_plain);
        Command command = result.CommandResult.Command;
        bool help = result.Tokens.Any(token => token.Type == TokenType.Option
            && token.Value is "--help" or "-h" or "-?");
        string? verb = command == root ? null : command.Name;
        List<Problem> problems = [];
        if (!help)
        {
            if (verb is null) UnknownVerb(args, problems);
            else Complaints(result, command, problems);
        }
        return new(verb, help, Values(result, command), FlagsOf(result, command), problems);
    }

    static RootCommand Build()
    {
        RootCommand root = new("Change data capture.") { TreatUnmatchedTokensAsErrors = false };
        root.Options.Clear();
        root.Options.Add(new Option<bool>("--help", "-h", "-?") { Recursive = true });
        foreach (Verb verb in Verb.All)
        {
            Command command = new(verb.Name, verb.Text) { TreatUnmatchedTokensAsErrors = false };
            foreach (OptionDefinition option in OptionCatalog.Of(verb.Name))
                command.Options.Add(option.Kind == OptionKind.Switch ? new Option<bool>(option.Flag)
                    : Repeatable(option.Flag));
            foreach (VerbFlag flag in VerbFlag.Table.Where(flag => flag.Verbs.Contains(verb.Name)))
                command.Options.Add(flag.ValueName is null ? new Option<bool>(flag.Flag) : Repeatable(flag.Flag));
            root.Subcommands.Add(command);
        }
        return root;
    }

    // Repeating one that takes a single value is found later, together with everything else that is wrong.
    static Option<string[]> Repeatable(string flag) => new(flag) { Arity = new ArgumentArity(1, 10_000) };

    static Dictionary<string, IReadOnlyList<string>> Values(ParseResult result, Command command)
    {
        Dictionary<string, IReadOnlyList<string>> values = [];
        foreach (OptionDefinition definition in OptionCatalog.Of(command.Name))
        {
            Option option = command.Options.First(option => option.Name == definition.Flag);
            if (Given(result, option) is { } given) values[definition.Name] = given;
        }
        return values;
    }

    static VerbFlags FlagsOf(ParseResult result, Command command)
    {
        HashSet<string> given = [];
        Dictionary<string, string> values = [];
        foreach (VerbFlag flag in VerbFlag.Table)
        {
            Option? option = command.Options.FirstOrDefault(option => option.Name == flag.Flag);
            if (option is null || Given(result, option) is not { Count: > 0 } texts) continue;
            if (flag.ValueName is not null) values[flag.Flag] = texts[^1];
            else if (texts is ["true"]) given.Add(flag.Flag);
        }
        return new(given, values.GetValueOrDefault(VerbFlag.Config), values.GetValueOrDefault(VerbFlag.LogLevel));
    }

    static IReadOnlyList<string>? Given(ParseResult result, Option option)
    {
        if (result.GetResult(option) is not { Implicit: false } found) return null;
        if (option.ValueType != typeof(bool)) return [.. found.Tokens.Select(token => token.Value)];
        return [found.Tokens is [.., var last] ? last.Value : "true"];
    }

    static void UnknownVerb(string[] args, List<Problem> problems)
    {
        string verbs = string.Join(", ", Verb.All.Select(verb => verb.Name));
        string? given = args.FirstOrDefault(arg => !arg.StartsWith('-'));
        string hint = given is null ? "" : NearestName.Hint(given, Verb.All.Select(verb => verb.Name));
        string sentence = given is null ? "No verb is given." : $"There is no verb {given}.";
        problems.Add(new(FailureKind.Usage, sentence, $"{hint} The verbs are {verbs}.".TrimStart()));
    }

    static void Complaints(ParseResult result, Command command, List<Problem> problems)
    {
        foreach (ParseError error in result.Errors)
        {
            if (error.SymbolResult is not OptionResult { Option: var option }) continue;
            problems.Add(option.ValueType == typeof(bool)
                ? new(FailureKind.Usage, $"{option.Name} takes true or false.", $"{option.Name} alone means true.")
                : new(FailureKind.Usage, $"{option.Name} needs a value.", Expected(option.Name)));
        }
        bool afterUnknown = false;
        foreach (string token in result.UnmatchedTokens)
        {
            if (token.StartsWith('-')) problems.Add(UnknownFlag(token, command));
            // What follows an unknown flag is most likely its value, and no mistake of its own.
            else if (!afterUnknown) problems.Add(Stray(command));
            afterUnknown = token.StartsWith('-') && !token.Contains('=', StringComparison.Ordinal);
        }
    }

    static Problem UnknownFlag(string token, Command command)
    {
        string flag = token.Split('=', ':')[0];
        string[] known = [.. command.Options.Select(option => option.Name)];
        bool isElsewhere = OptionCatalog.All.Any(option => option.Flag == flag)
            || VerbFlag.Table.Any(f => f.Flag == flag);
        string hint = isElsewhere
            ? $"It belongs to {string.Join(", ", VerbsOf(flag).Select(verb => $"cdc {verb}"))}."
            : NearestName.Hint(flag, known);
        return new(FailureKind.Usage, $"cdc {command.Name} has no flag {flag}.",
            hint.Length > 0 ? hint : $"cdc {command.Name} --help lists them.");
    }

    static IEnumerable<string> VerbsOf(string flag) =>
        OptionCatalog.All.Where(option => option.Flag == flag).SelectMany(option => option.Verbs)
            .Concat(VerbFlag.Table.Where(f => f.Flag == flag).SelectMany(f => f.Verbs));

    // The text itself may be an address with a password, so it is not repeated.
    static Problem Stray(Command command) => new(FailureKind.Usage,
        $"cdc {command.Name} takes flags only, and there is a value without one.",
        "Write --from and --to before addresses, and repeat a flag for each of its values: --tables a --tables b.");

    static string Expected(string flag)
    {
        OptionDefinition? option = OptionCatalog.All.FirstOrDefault(option => option.Flag == flag);
        return option is not null ? $"{flag} <{option.ValueName}>: {option.Text}"
            : VerbFlag.Table.First(f => f.Flag == flag) is var verbFlag
                ? $"{flag} <{verbFlag.ValueName}>: {verbFlag.Text}" : "";
    }
}
