using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Sources;

namespace Cdc.Engine.Options;

/// <summary>Names of changefeeds, and of what they make in a source.</summary>
public static class ChangefeedName
{
    /// <summary>What the name of everything that we make begins with, and the schema that holds the rest.</summary>
    public const string Prefix = "cdc";

    public const int MaxLength = 40;

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterLower(name[0])
        && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');

    /// <exception cref="CdcException">Usage: the name breaks the rule.</exception>
    public static void Verify(string name)
    {
        if (!IsValid(name))
            throw new CdcException(FailureKind.Usage, $"The name {name} can't be used.", $"Expected: {RuleText}.");
    }

    /// <summary>The rule, for sentences.</summary>
    public const string RuleText = "a small letter, then up to 39 small letters, digits and underscores";

    /// <summary>The slot of a changefeed.</summary>
    public static string Slot(string name) => $"{Prefix}_{name}";

    /// <summary>The changefeed of a slot; null if the slot is none of ours.</summary>
    public static string? OfSlot(string slot) =>
        slot.StartsWith(Prefix + "_", StringComparison.Ordinal) && IsValid(slot[(Prefix.Length + 1)..])
            ? slot[(Prefix.Length + 1)..]
            : null;

    /// <summary>The name of a changefeed that was given none: the same source and target always have the
    /// same.</summary>
    /// <remarks>The timeline is left out: after a restore the changefeed must find itself and refuse, not start
    /// anew.</remarks>
    /// <param name="target">The target's address with paths made absolute; secrets in it don't count.</param>
    public static string Default(SourceIdentity source, string target)
    {
        string known = $"{source.Kind}\n{source.System}\n{source.Database}\n{Secrets.Without(target)}";
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(known)).AsSpan(0, 3));
        return $"{Plain(source.Database)}_{hash}";
    }

    static string Plain(string database)
    {
        StringBuilder text = new();
        foreach (char c in database.ToLower(CultureInfo.InvariantCulture))
        {
            if (text.Length == MaxLength - 7) break;
            text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }
        if (text.Length == 0 || !char.IsAsciiLetterLower(text[0])) text.Insert(0, 'd');
        return text.ToString(0, Math.Min(text.Length, MaxLength - 7));
    }
}
