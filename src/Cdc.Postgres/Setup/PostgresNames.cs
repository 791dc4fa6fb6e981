using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Setup;

/// <summary>What a changefeed's things are called in the server, and how names are written in SQL.</summary>
internal sealed record PostgresNames(string Changefeed)
{
    /// <summary>Begins the name of everything of ours in a source.</summary>
    public const string Prefix = "cdc_";

    /// <summary>The output plugin of all our slots.</summary>
    public const string Plugin = "pgoutput";

    /// <summary>The permanent slot, or the temporary one of a run that leaves nothing behind.</summary>
    public string Slot => Prefix + Changefeed;

    /// <summary>The temporary slot whose snapshot copies single tables again.</summary>
    public string CopySlot => Slot + "_copy";

    /// <summary>The publication of tables whose updates can be published.</summary>
    public string Keyed => Prefix + Changefeed;

    /// <summary>The publication of the others: their inserts and truncates only.</summary>
    public string InsertOnly => Keyed + "_insert";

    /// <summary>How many open transactions can add to a publication besides the one that holds it: each has a spare one
    /// then.</summary>
    public const int SparesOfEach = 8;

    public ImmutableArray<string> KeyedSpares => SparesOf(Keyed);

    public ImmutableArray<string> InsertSpares => SparesOf(InsertOnly);

    /// <summary>All of our publications; a spare stands before the one that it is for.</summary>
    public ImmutableArray<string> Publications => [.. KeyedSpares, Keyed, .. InsertSpares, InsertOnly];

    public static bool IsSpare(string publication) => publication.Contains(SpareSign, StringComparison.Ordinal);

    // No changefeed's name has it: cdc_shop_1 is the publication of changefeed shop_1.
    const char SpareSign = '#';

    static ImmutableArray<string> SparesOf(string publication) =>
        [.. Enumerable.Range(1, SparesOfEach).Select(number => $"{publication}{SpareSign}{number}")];

    public static string Quote(string identifier) =>
        $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Quote(TableName table) => $"{Quote(table.Schema)}.{Quote(table.Name)}";

    /// <summary>A string constant, read the same whatever standard_conforming_strings says.</summary>
    public static string Literal(string text)
    {
        StringBuilder literal = new();
        bool escaped = text.Contains('\\', StringComparison.Ordinal);
        literal.Append(escaped ? " E'" : "'");
        foreach (char c in text) literal.Append(c is '\'' || (c is '\\' && escaped) ? $"{c}{c}" : $"{c}");
        return literal.Append('\'').ToString();
    }
}
