using System.Collections.Immutable;
using System.Text;

namespace Cdc.Engine.Options;

/// <summary>What a value of an option looks like.</summary>
public enum OptionKind
{
    Text,
    /// <summary>A place to read or write; may hold a secret, and may be given as <c>env:NAME</c> or
    /// <c>@file</c>.</summary>
    Address,
    /// <summary>Text that may be given several times.</summary>
    List,
    /// <summary>True or false; as a flag, its name alone means true.</summary>
    Switch,
    Number,
    /// <summary>Bytes: <c>64MB</c>, <c>1GiB</c>.</summary>
    Size,
    /// <summary>A length of time: <c>500ms</c>, <c>5s</c>, <c>2m</c>, <c>1h</c>.</summary>
    Duration,
    /// <summary>One of a few words.</summary>
    Choice,
}

/// <summary>One option: its name in every spelling, what it may hold, and where it applies.</summary>
/// <remarks>Flags, keys of the configuration file, URL parameters, help and the options page all come from
/// here.</remarks>
public sealed record OptionDefinition
{
    /// <summary>The key of the configuration file and the name of the URL parameter: <c>snapshotParallel</c>.</summary>
    public required string Name { get; init; }

    public required OptionKind Kind { get; init; }

    /// <summary>One sentence for help and docs.</summary>
    public required string Text { get; init; }

    /// <summary>What stands for the value in help: <c>&lt;size&gt;</c>.</summary>
    public required string ValueName { get; init; }

    /// <summary>Verbs of the command that take it.</summary>
    public required ImmutableArray<string> Verbs { get; init; }

    /// <summary>Kinds of addresses that take it as a URL parameter.</summary>
    public ImmutableArray<string> Schemes { get; init; } = [];

    /// <summary>The words that a <see cref="OptionKind.Choice"/> takes.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>Said in place of a default that is worked out at start.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Reads the values as they were given into the options; throws a <see cref="FormatException"/> that says
    /// what is expected.</summary>
    public required Func<ChangefeedOptions, IReadOnlyList<string>, ChangefeedOptions> Read { get; init; }

    /// <summary>The values as they would be given; empty if there is none.</summary>
    public required Func<ChangefeedOptions, ImmutableArray<string>> Show { get; init; }

    /// <summary>The flag: <c>--snapshot-parallel</c>.</summary>
    public string Flag => "--" + Dashed(Name);

    /// <summary>The default as it would be given, for help and docs; empty if there is none.</summary>
    public string Default => DefaultText ?? string.Join(' ', Show(new ChangefeedOptions()));

    /// <summary>The dashed spelling of a camel-case name.</summary>
    public static string Dashed(string name)
    {
        StringBuilder text = new();
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c)) text.Append('-').Append(char.ToLowerInvariant(c));
            else text.Append(c);
        }
        return text.ToString();
    }
}
