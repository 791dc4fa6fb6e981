using System.Collections.Immutable;
using System.Globalization;

namespace Cdc.Engine.Options;

/// <summary>Makes one definition of each kind from the property it reads and sets.</summary>
static class OptionFactory
{
    public static OptionDefinition Text(
        string name, string text, string valueName,
        Func<ChangefeedOptions, string?> get, Func<ChangefeedOptions, string, ChangefeedOptions> with) =>
        One(OptionKind.Text, name, text, valueName, get, (options, value) => with(options, NotEmpty(value)));

    public static OptionDefinition Address(
        string name, string text,
        Func<ChangefeedOptions, string> get, Func<ChangefeedOptions, string, ChangefeedOptions> with) =>
        One(OptionKind.Address, name, text, "address",
            options => get(options) is { Length: > 0 } value ? value : null,
            (options, value) => with(options, NotEmpty(value)));

    public static OptionDefinition List(
        string name, string text, string valueName,
        Func<ChangefeedOptions, IReadOnlyList<string>> get,
        Func<ChangefeedOptions, IReadOnlyList<string>, ChangefeedOptions> with) => new()
    {
        Name = name, Text = text, Kind = OptionKind.List, ValueName = valueName, Verbs = [],
        Read = (options, values) => with(options, [.. values.Select(NotEmpty)]),
        Show = options => [.. get(options)],
    };

    public static OptionDefinition Switch(
        string name, string text,
        Func<ChangefeedOptions, bool> get, Func<ChangefeedOptions, bool, ChangefeedOptions> with) =>
        One(OptionKind.Switch, name, text, "", options => get(options) ? "true" : "false",
            (options, value) => with(options, OptionValues.ReadSwitch(value)));

    public static OptionDefinition Number(
        string name, string text, long least, long most,
        Func<ChangefeedOptions, long> get, Func<ChangefeedOptions, long, ChangefeedOptions> with) =>
        One(OptionKind.Number, name, text, "n", options => get(options).ToString(CultureInfo.InvariantCulture),
            (options, value) => with(options, OptionValues.ReadNumber(value, least, most)));

    public static OptionDefinition Size(
        string name, string text, long least,
        Func<ChangefeedOptions, long> get, Func<ChangefeedOptions, long, ChangefeedOptions> with) =>
        One(OptionKind.Size, name, text, "size", options => OptionValues.PrintSize(get(options)), (options, value) =>
        {
            long bytes = OptionValues.ReadSize(value);
            if (bytes < least) throw new FormatException($"a size of at least {OptionValues.PrintSize(least)}");
            return with(options, bytes);
        });

    public static OptionDefinition Duration(
        string name, string text,
        Func<ChangefeedOptions, TimeSpan> get, Func<ChangefeedOptions, TimeSpan, ChangefeedOptions> with) =>
        One(OptionKind.Duration, name, text, "time", options => OptionValues.Print(get(options)),
            (options, value) => with(options, OptionValues.ReadDuration(value)));

    public static OptionDefinition Choice<T>(
        string name, string text,
        Func<ChangefeedOptions, T> get, Func<ChangefeedOptions, T, ChangefeedOptions> with)
        where T : struct, Enum
    {
        ImmutableArray<string> words = [.. Enum.GetNames<T>().Select(word => word.ToLowerInvariant())];
        T[] values = Enum.GetValues<T>();
        return One(OptionKind.Choice, name, text, string.Join('|', words),
            options => words[Array.IndexOf(values, get(options))],
            (options, value) => words.IndexOf(value) is >= 0 and var index
                ? with(options, values[index])
                : throw new FormatException(Expected(value, words))) with { Choices = words };
    }

    static OptionDefinition One(
        OptionKind kind, string name, string text, string valueName,
        Func<ChangefeedOptions, string?> get, Func<ChangefeedOptions, string, ChangefeedOptions> with) => new()
    {
        Name = name, Text = text, Kind = kind, ValueName = valueName, Verbs = [],
        Read = (options, values) => values is [string value]
            ? with(options, value)
            : throw new FormatException("one value"),
        Show = options => get(options) is { } value ? [value] : [],
    };

    static string NotEmpty(string value) => value.Length > 0 ? value : throw new FormatException("a value");

    static string Expected(string value, ImmutableArray<string> words)
    {
        string list = words.Length == 1 ? words[0] : $"{string.Join(", ", words[..^1])} or {words[^1]}";
        return $"{list}. {NearestName.Hint(value, words)}".TrimEnd();
    }
}
