using System.Globalization;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Names of everything in the directory.</summary>
internal static class Layout
{
    public const int Format = 1;
    public const string Header = "cdc.json";
    public const string Position = "position.json";
    public const string Data = "data";
    public const string Index = "index";
    public const string Schemas = "schemas";
    public const string Temporary = ".tmp";

    /// <summary>What the name of a file begins with that is made to see whether one can be, and removed.</summary>
    public const string Probe = ".cdc-probe-";

    const string Json = ".json";
    const int NameLengthMax = 96;

    /// <summary>Whether a name in the root can be what a first start left that was cut short.</summary>
    public static bool IsBeginning(string name) =>
        name is Data or Index or Schemas
        || (name.StartsWith(Header, StringComparison.Ordinal) || name.StartsWith(Probe, StringComparison.Ordinal))
            && name.EndsWith(Temporary, StringComparison.Ordinal);

    public static string Entry(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Index}/{number:D16}{Json}");

    public static bool TryEntry(string name, out long number)
    {
        number = 0;
        return name.Length >= 16 + Json.Length && name.EndsWith(Json, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, name.Length - Json.Length), NumberStyles.None, CultureInfo.InvariantCulture,
                out number);
    }

    public static string Schema(TableSchema version) =>
        string.Create(CultureInfo.InvariantCulture, $"{Schemas}/{version.Id.Value:D10}-{version.Since}{Json}");

    /// <summary>Names sort in commit order. The generation is the number of the owner's seal, which no other owner has:
    /// two owners never write under one name.</summary>
    public static string DataFile(CommitTs first, long generation, long number, string? table, string extension) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{Data}/{first}-{generation:D6}-{number:D8}{(table is null ? "" : "-snapshot-")}{table}{extension}");

    /// <summary>The generation of a data file, or null if the name is none that we give.</summary>
    public static long? Generation(string name)
    {
        string[] parts = name.Split('-', 4);
        return parts.Length >= 3 && CommitTs.TryParse(parts[0], out _)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long generation)
            ? generation
            : null;
    }

    /// <summary>A table's name, with what a file system may not take replaced. Not unique.</summary>
    public static string Readable(TableName table)
    {
        string text = table.ToString();
        Span<char> safe = stackalloc char[Math.Min(text.Length, NameLengthMax)];
        for (int i = 0; i < safe.Length; i++)
        {
            safe[i] = char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or '_' or '-' ? text[i] : '_';
        }
        return new(safe);
    }
}
