using System.Text;
using Cdc.Engine.Options;

namespace Cdc.Postgres.Capture;

/// <summary>The patterns of a changefeed as conditions in SQL, for the functions that run in the server.</summary>
/// <remarks>They hold for the same names as <see cref="TableSelection.Matches"/>. They contain no dollar sign, so they
/// can stand in a dollar-quoted body, and mean the same whatever standard_conforming_strings says.</remarks>
internal static class SelectionSql
{
    /// <summary>Whether a table is carried.</summary>
    /// <param name="schema">An expression of type name or text; also <paramref name="table"/>.</param>
    public static string Matches(TableSelection selection, string schema, string table)
    {
        string included = Any(selection.Tables.Select(p => Pattern(p, schema, table)), whenNone: "true");
        string excluded = Any(selection.Exclude.Select(p => Pattern(p, schema, table)), whenNone: "false");
        return $"({included} AND NOT {excluded})";
    }

    /// <summary>Whether tables of any name could be made in a schema that would be carried.</summary>
    public static string Covers(TableSelection selection, string schema) => Any(
        selection.Tables.Where(static p => !p.Table.IsLiteral).Select(p => Part(p.Schema, schema)),
        whenNone: selection.Tables.Count == 0 ? "true" : "false");

    /// <summary>Whether carried tables could be in a schema.</summary>
    public static string Schemas(TableSelection selection, string schema) =>
        Any(selection.Tables.Select(p => Part(p.Schema, schema)), whenNone: "true");

    /// <summary>The same as <see cref="Covers"/>, answered here.</summary>
    public static bool IsCovered(TableSelection selection, string schema) => selection.Tables.Count == 0
        || selection.Tables.Any(p => !p.Table.IsLiteral && p.Schema.Matches(schema));

    /// <summary>A string constant without a dollar sign.</summary>
    public static string Literal(string text) => "E'" + text.Replace("\\", @"\\", StringComparison.Ordinal)
        .Replace("'", "''", StringComparison.Ordinal).Replace("$", @"\044", StringComparison.Ordinal) + "'";

    static string Any(IEnumerable<string> conditions, string whenNone)
    {
        string[] all = [.. conditions];
        return all.Length == 0 ? whenNone : $"({string.Join(" OR ", all)})";
    }

    static string Pattern(TablePattern pattern, string schema, string table) =>
        $"({Part(pattern.Schema, schema)} AND {Part(pattern.Table, table)})";

    static string Part(Glob part, string name) => part switch
    {
        { IsLiteral: true } => $"{name}::text = {Literal(part.Text)}",
        { Text: "*" } => "true",
        _ => $"{name}::text ~ {Literal(Regex(part.Text))}",
    };

    static string Regex(string glob)
    {
        StringBuilder regex = new("^");
        for (int i = 0; i < glob.Length; i++)
        {
            char c = glob[i];
            if (c == '*') regex.Append(".*");
            else if (c == '?') regex.Append('.');
            else if (c == '\\' && i + 1 < glob.Length) Exactly(regex, glob[++i]);
            else Exactly(regex, c);
        }
        return regex.Append('$').ToString();
    }

    static void Exactly(StringBuilder regex, char c)
    {
        if (c < 128 && !char.IsAsciiLetterOrDigit(c) && c != '_') regex.Append('\\');
        regex.Append(c);
    }
}
