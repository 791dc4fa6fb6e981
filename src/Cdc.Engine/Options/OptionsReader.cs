using System.Collections.Immutable;
using Cdc.Engine.Failures;

namespace Cdc.Engine.Options;

/// <summary>Values given in one place: flags, or a file.</summary>
/// <param name="Spelling">How an option is written there, for sentences: <c>--snapshot-parallel</c>.</param>
public sealed record OptionLayer(
    IReadOnlyDictionary<string, IReadOnlyList<string>> Values, Func<OptionDefinition, string> Spelling);

/// <summary>Options as they hold, where each came from, and everything that is wrong with them.</summary>
/// <param name="Origins">By option name; those not named have their default.</param>
public sealed record OptionsOutcome(
    ChangefeedOptions Options, ImmutableSortedDictionary<string, string> Origins, ImmutableArray<Problem> Problems)
{
    /// <summary>The source's address without our own parameters. Null where it is missing or wrong.</summary>
    public Address? From { get; init; }

    /// <summary>The target's address without our own parameters. Null where it is missing or wrong.</summary>
    public Address? To { get; init; }
}

/// <summary>Puts the three spellings of options together: a flag wins over the URL, the URL over the file, the file
/// over the default. Finds every problem at once.</summary>
public sealed class OptionsReader(string verb, Func<string, string?> environment, Func<string, string> readFile)
{
    readonly ImmutableArray<Problem>.Builder _problems = ImmutableArray.CreateBuilder<Problem>();
    readonly Dictionary<string, string> _origins = [];
    ChangefeedOptions _options = new();

    /// <summary>Reads everything; a reader is used once.</summary>
    public OptionsOutcome Read(OptionLayer file, OptionLayer flags, ChangefeedOptions? defaults = null)
    {
        _options = defaults ?? _options;
        Apply(file);
        Apply(flags, static option => option.Kind == OptionKind.Address);
        Address? from = Open("from", _options.From, Address.ReadSource);
        Address? to = Open("to", _options.To, Address.ReadTarget);
        from = Parameters("--from", from);
        to = Parameters("--to", to);
        Apply(flags, static option => option.Kind != OptionKind.Address);
        _problems.AddRange(OptionsCheck.Problems(_options, to, verb));
        return new(_options, _origins.ToImmutableSortedDictionary(), _problems.DrainToImmutable()) { From = from,
            To = to };
    }

    void Apply(OptionLayer layer, Func<OptionDefinition, bool>? which = null)
    {
        foreach ((string name, IReadOnlyList<string> values) in layer.Values)
        {
            OptionDefinition? option = OptionCatalog.Find(name);
            Check.That(option is not null);
            if (which is null || which(option)) Apply(option, layer.Spelling(option), values);
        }
    }

    void Apply(OptionDefinition option, string spelling, IReadOnlyList<string> values)
    {
        try
        {
            _options = option.Read(_options, values);
            _origins[option.Name] = spelling;
        }
        catch (FormatException expected) when (values.Count > 1 && option.Kind != OptionKind.List)
        {
            Wrong($"{spelling} is given {values.Count} times.", $"Give {expected.Message}.");
        }
        catch (FormatException expected)
        {
            string given = option.Kind == OptionKind.Address ? "That" : $"'{string.Join(' ', values)}'";
            Wrong($"{given} is not what {spelling} takes.", Sentence(expected));
        }
    }

    Address? Open(string name, string given, Func<string, Address> read)
    {
        if (given.Length == 0) return null;
        string spelling = _origins.GetValueOrDefault(name, name);
        if (Fetch(spelling, given) is not { } text) return null;
        _options = OptionCatalog.Find(name)!.Read(_options, [text]);
        try
        {
            return read(text);
        }
        catch (FormatException expected)
        {
            // Not the text itself: without a scheme nobody knows where in it a secret sits.
            Wrong($"The address after {spelling} is none that cdc knows.", Sentence(expected));
            return null;
        }
    }

    /// <summary>Follows <c>env:NAME</c> and <c>@file</c>.</summary>
    string? Fetch(string spelling, string given)
    {
        if (given.StartsWith("env:", StringComparison.Ordinal))
        {
            if (environment(given[4..]) is { Length: > 0 } value) return value.Trim();
            Wrong($"{spelling} {given}: the environment has no variable {given[4..]}.",
                $"Set {given[4..]} to the address.");
            return null;
        }
        if (given.Length < 2 || given[0] != '@') return given;
        try
        {
            if (readFile(given[1..]).Trim() is { Length: > 0 } text) return text;
            Wrong($"{spelling} {given}: the file is empty.", "Put the address into it.");
        }
        catch (Exception e) when (ConfigFile.IsUnreadable(e))
        {
            Wrong($"{spelling} {given}: {ConfigFile.WhyUnreadable(e)}.", "Name a file that holds the address.");
        }
        return null;
    }

    /// <summary>Takes our own parameters out of a URL. Those of PostgreSQL stay for its connector, which knows
    /// them.</summary>
    Address? Parameters(string spelling, Address? address)
    {
        if (address is null) return null;
        foreach ((string name, string value) in address.Parameters)
        {
            OptionDefinition? option = OptionCatalog.Find(name);
            if (option is not null && option.Schemes.Contains(address.Scheme)) Apply(option, $"{name} in {spelling}",
                [value]);
            else if (address.Scheme != Address.Postgres) Unknown(spelling, address.Scheme, name);
        }
        return address.Without(name => OptionCatalog.Find(name)?.Schemes.Contains(address.Scheme) is true);
    }

    void Unknown(string spelling, string scheme, string name)
    {
        string[] known = [.. OptionCatalog.All.Where(o => o.Schemes.Contains(scheme)).Select(o => o.Name)];
        string? near = NearestName.Of(name, known);
        string list = known.Length == 0 ? "It takes none." : $"It knows {string.Join(", ", known)}.";
        Wrong($"{spelling}: {scheme} has no parameter {name}.", near is null ? list : $"Did you mean {near}?");
    }

    static string Sentence(FormatException expected) =>
        expected.Message.Contains('.', StringComparison.Ordinal) && expected.Message[^1] is '.' or '?'
            ? $"Expected: {expected.Message}"
            : $"Expected: {expected.Message}.";

    void Wrong(string sentence, string fix) => _problems.Add(new(FailureKind.Usage, sentence, fix));
}
