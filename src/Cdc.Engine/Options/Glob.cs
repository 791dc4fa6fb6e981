using System.IO.Enumeration;
using System.Text;

namespace Cdc.Engine.Options;

/// <summary>One part of a pattern: a literal, or characters with <c>*</c> and <c>?</c>.</summary>
/// <remarks>In one that is no literal a backslash takes the character behind it as it is.</remarks>
public readonly record struct Glob(string Text, bool IsLiteral)
{
    /// <summary>Matches every name.</summary>
    public static Glob Any => new("*", false);

    public bool Matches(string name) =>
        IsLiteral ? name == Text : FileSystemName.MatchesSimpleExpression(Text, name, ignoreCase: false);

    /// <summary>Reads one part from <paramref name="start"/> up to a dot or the end.</summary>
    internal static (Glob Part, int End) Read(string pattern, int start)
    {
        if (start < pattern.Length && pattern[start] == '"') return ReadQuoted(pattern, start + 1);
        int end = pattern.IndexOf('.', start);
        if (end < 0) end = pattern.Length;
        string text = pattern[start..end];
        if (text.Length == 0) throw new FormatException($"'{pattern}': a part of the pattern is empty.");
        return (new(text, text.AsSpan().IndexOfAny('*', '?') < 0), end);
    }

    static (Glob, int) ReadQuoted(string pattern, int start)
    {
        StringBuilder text = new();
        for (int i = start; i < pattern.Length; i++)
        {
            if (pattern[i] != '"') text.Append(pattern[i]);
            else if (i + 1 < pattern.Length && pattern[i + 1] == '"') text.Append(pattern[i++]);
            else if (i + 1 == pattern.Length || pattern[i + 1] == '.') return (new(text.ToString(), true), i + 1);
            else break;
        }
        throw new FormatException($"'{pattern}': a quote is not closed.");
    }
}
