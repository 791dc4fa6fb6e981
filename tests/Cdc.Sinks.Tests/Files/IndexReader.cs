using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Cdc.Sinks.Tests.Files;

/// <summary>Reads a directory as a consumer would, by the documentation and none of the sink's own code.</summary>
internal static class IndexReader
{
    /// <summary>Every line that exists, in the order of the index, without checkpoints.</summary>
    public static IReadOnlyList<string> Lines(IReadOnlyDictionary<string, byte[]> files) =>
        [.. AllLines(files).Where(IsRow)];

    public static IReadOnlyList<string> AllLines(IReadOnlyDictionary<string, byte[]> files)
    {
        List<string> lines = [];
        foreach (JsonElement entry in Entries(files))
        {
            JsonElement named = entry.GetProperty("files");
            foreach (JsonElement file in named.EnumerateArray()) lines.AddRange(Check(files, file));
        }
        return lines;
    }

    public static IReadOnlyList<JsonElement> Entries(IReadOnlyDictionary<string, byte[]> files)
    {
        List<JsonElement> entries = [];
        for (long number = 1; files.TryGetValue($"index/{number:D16}.json", out byte[]? content); number++)
        {
            JsonElement entry = JsonDocument.Parse(content).RootElement;
            Assert.Equal(number, entry.GetProperty("entry").GetInt64());
            entries.Add(entry);
        }
        Assert.Equal(entries.Count, files.Keys.Count(static name =>
            name.StartsWith("index/", StringComparison.Ordinal) && !name.EndsWith(".tmp", StringComparison.Ordinal)));
        return entries;
    }

    public static string Position(JsonElement entry) => entry.GetProperty("position").GetString()!;

    public static string[] Names(JsonElement entry) =>
        [.. entry.GetProperty("files").EnumerateArray().Select(static file => file.GetProperty("name").GetString()!)];

    public static IReadOnlyDictionary<string, byte[]> Load(string directory) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).ToDictionary(
            path => Path.GetRelativePath(directory, path).Replace('\\', '/'),
            File.ReadAllBytes, StringComparer.Ordinal);

    static string[] Check(IReadOnlyDictionary<string, byte[]> files, JsonElement file)
    {
        string name = file.GetProperty("name").GetString()!;
        byte[] content = files[name];
        Assert.Equal(file.GetProperty("bytes").GetInt64(), content.Length);
        string checksum = Crc32C(content).ToString("x8", CultureInfo.InvariantCulture);
        Assert.Equal(file.GetProperty("crc32c").GetString(), checksum);
        string[] lines = Text(name, content).Split('\n');
        Assert.Equal("", lines[^1]);
        lines = lines[..^1];
        Assert.Equal(file.GetProperty("lines").GetInt64(), lines.Length);
        string[] rows = [.. lines.Where(IsRow)];
        Assert.StartsWith(file.GetProperty("first").GetString()!, rows[0]);
        Assert.StartsWith(file.GetProperty("last").GetString()!, rows[^1]);
        return lines;
    }

    static bool IsRow(string line) => !line.StartsWith(LineEncoder.Checkpoint, StringComparison.Ordinal);

    static string Text(string name, byte[] content)
    {
        if (!name.EndsWith(".gz", StringComparison.Ordinal)) return Encoding.UTF8.GetString(content);
        using GZipStream gzip = new(new MemoryStream(content), CompressionMode.Decompress);
        using StreamReader reader = new(gzip);
        return reader.ReadToEnd();
    }

    static uint Crc32C(byte[] bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte one in bytes)
        {
            sum ^= one;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0x82F63B78;
        }
        return ~sum;
    }
}
