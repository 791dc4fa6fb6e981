using System.IO.Compression;

namespace Cdc.Cli.Output;

/// <summary>Picks a few rows out of files that were written, one of each sort. For made-up rows only.</summary>
static class SampleRows
{
    const int Width = 160;

    /// <summary>A copied row, and changes of the stream where there are any; other rows where there are not
    /// enough.</summary>
    public static IReadOnlyList<string> Of(string directory, int count)
    {
        Dictionary<string, string> byKind = [];
        List<string> others = [];
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(directory, "data"))
            .Where(IsData).Order(StringComparer.Ordinal)];
        // The first files hold copied rows, the largest ones changes of every kind.
        IEnumerable<string> best = files.Take(1).Concat(files.OrderByDescending(LengthOf).Take(2)).Distinct();
        foreach (string line in best.SelectMany(file => Lines(file).Take(5000)))
        {
            if (KindOf(line) is not { } kind) continue;
            if (byKind.TryGetValue(kind, out string? replaced) && others.Count < count) others.Add(replaced);
            byKind[kind] = line;
        }
        IEnumerable<string> rows = byKind.OrderBy(pair => "rucd".IndexOf(pair.Key, StringComparison.Ordinal))
            .Select(pair => pair.Value);
        return [.. rows.Concat(others).Take(count).Select(Short)];
    }

    static long LengthOf(string file) => new FileInfo(file).Length;

    static bool IsData(string file)
    {
        string name = file.EndsWith(".gz", StringComparison.Ordinal) ? file[..^3] : file;
        return name.EndsWith(".ndjson", StringComparison.Ordinal) || name.EndsWith(".json", StringComparison.Ordinal);
    }

    static IEnumerable<string> Lines(string file)
    {
        using Stream stream = file.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress)
            : File.OpenRead(file);
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line) yield return line;
    }

    static string? KindOf(string line)
    {
        const string Marker = "\"op\":\"";
        int at = line.IndexOf(Marker, StringComparison.Ordinal);
        if (at < 0 || at + Marker.Length + 1 >= line.Length || line[at + Marker.Length + 1] != '"') return null;
        string kind = line.Substring(at + Marker.Length, 1);
        return kind is "r" or "c" or "u" or "d" ? kind : null;
    }

    static string Short(string line) => line.Length <= Width ? line : line[..(Width - 1)] + "…";
}
