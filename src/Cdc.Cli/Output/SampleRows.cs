using System.IO.Compression;

namespace Cdc.Cli.Output;

/// <summary>Picks a few rows out of files that were written, one of each sort. For made-up rows only.</summary>
static class SampleRows
{
    const int Width = 160;

    /// <summary>A copied row, and changes of the stream where there are any.</summary>
    public static IReadOnlyList<string> Of(string directory, int count)
    {
        Dictionary<string, string> byKind = [];
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(directory, "data"))
            .Where(IsData).Order(StringComparer.Ordinal)];
        // The first files hold copied rows, the largest ones changes of every kind.
        foreach (string file in files.Take(1).Concat(files.OrderByDescending(file =>
            new FileInfo(file).Length).Take(2)))
        {
            foreach (string line in Lines(file).Take(5000))
                if (KindOf(line) is { } kind) byKind[kind] = line;
        }
        return [.. byKind.OrderBy(pair => "rucd".IndexOf(pair.Key, StringComparison.Ordinal))
            .Take(count).Select(pair => Short(pair.Value))];
    }

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
