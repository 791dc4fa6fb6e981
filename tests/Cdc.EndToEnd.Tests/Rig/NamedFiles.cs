using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Reads a directory of files as a consumer does: by its index, and nothing that the index does not name.</summary>
static class NamedFiles
{
    /// <summary>All lines, in the order of the index.</summary>
    public static IEnumerable<string> Lines(string directory)
    {
        foreach (string name in Names(directory))
        {
            using Stream file = Open(Path.Combine(directory, name));
            using StreamReader lines = new(file, Encoding.UTF8);
            while (lines.ReadLine() is { } line) yield return line;
        }
    }

    public static IEnumerable<string> Names(string directory)
    {
        foreach (string entry in Directory.GetFiles(Path.Combine(directory, "index"), "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(entry));
            if (!json.RootElement.TryGetProperty("files", out JsonElement files)) continue;
            foreach (JsonElement file in files.EnumerateArray()) yield return file.GetProperty("name").GetString()!;
        }
    }

    static Stream Open(string path)
    {
        FileStream file = File.OpenRead(path);
        return path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}
