using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Cdc.Engine.Failures;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>The form of the directory's own files. Positions are text, so that any reader compares them.</summary>
internal static class IndexJson
{
    static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    public static byte[] Write(IndexEntry entry) => Write(entry, static (json, entry) =>
    {
        json.WriteNumber("entry", entry.Number);
        json.WriteString("kind", KindName(entry.Kind));
        json.WriteString("position", entry.Position.ToString());
        json.WriteString("owner", entry.Owner.ToString());
        json.WriteString("writer", entry.Writer);
        json.WriteString("time", entry.Time.UtcDateTime);
        if (entry.Table is { } table)
        {
            json.WriteStartObject("table");
            json.WriteNumber("id", table.Id.Value);
            json.WriteString("schema", table.Name.Schema);
            json.WriteString("name", table.Name.Name);
            json.WriteString("at", table.At.ToString());
            json.WriteEndObject();
        }
        if (entry.Kind == EntryKind.Seal)
        {
            json.WriteStartObject("copied");
            foreach ((TableId id, CommitTs at) in entry.Copied) json.WriteString(id.ToString(), at.ToString());
            json.WriteEndObject();
        }
        json.WriteStartArray("files");
        foreach (NamedFile file in entry.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteNumber("lines", file.Lines);
            json.WriteString("first", file.First.ToString());
            json.WriteString("last", file.Last.ToString());
            json.WriteString("crc32c", file.Checksum.ToString("x8", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    public static IndexEntry ReadEntry(string name, byte[] content) => Read(name, content, static root => new IndexEntry
    {
        Number = root.GetProperty("entry").GetInt64(),
        Kind = Kind(Text(root, "kind")),
        Position = Ts(root, "position"),
        Owner = ReadOwner(Text(root, "owner")),
        Writer = Text(root, "writer"),
        Time = root.GetProperty("time").GetDateTimeOffset(),
        Files = [.. root.GetProperty("files").EnumerateArray().Select(static file => new NamedFile(
            Text(file, "name"), file.GetProperty("bytes").GetInt64(), file.GetProperty("lines").GetInt64(),
            Ts(file, "first"), Ts(file, "last"),
            uint.Parse(Text(file, "crc32c"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)))],
        Table = !root.TryGetProperty("table", out JsonElement table) ? null : new(
            new(table.GetProperty("id").GetInt64()), new(Text(table, "schema"), Text(table, "name")), Ts(table, "at")),
        Copied = !root.TryGetProperty("copied", out JsonElement copied)
            ? ImmutableSortedDictionary<TableId, CommitTs>.Empty
            : copied.EnumerateObject().ToImmutableSortedDictionary(
                static table => new TableId(long.Parse(table.Name, CultureInfo.InvariantCulture)),
                static table => CommitTs.Parse(table.Value.GetString() ?? "")),
    });

    public static byte[] Write(IdlePosition idle) => Write(idle, static (json, idle) =>
    {
        json.WriteNumber("seal", idle.Seal);
        json.WriteString("position", idle.Position.ToString());
    });

    public static IdlePosition ReadIdle(string name, byte[] content) => Read(name, content, static root =>
        new IdlePosition(root.GetProperty("seal").GetInt64(), Ts(root, "position")));

    public static byte[] Write(DirectoryHeader header) => Write(header, static (json, header) =>
    {
        json.WriteString("changefeed", header.Changefeed);
        json.WriteStartObject("source");
        json.WriteString("kind", header.Source.Kind);
        json.WriteString("system", header.Source.System);
        json.WriteString("database", header.Source.Database);
        json.WriteNumber("timeline", header.Source.Timeline);
        json.WriteEndObject();
        json.WriteString("extension", header.Extension);
    });

    public static DirectoryHeader ReadHeader(string name, byte[] content) => Read(name, content, static root =>
    {
        JsonElement source = root.GetProperty("source");
        return new DirectoryHeader(
            Text(root, "changefeed"),
            new SourceIdentity(Text(source, "kind"), Text(source, "system"), Text(source, "database"),
                source.GetProperty("timeline").GetUInt32()),
            Text(root, "extension"));
    });

    static byte[] Write<T>(T value, Action<Utf8JsonWriter, T> members)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes, Indented))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Layout.Format);
            members(json, value);
            json.WriteEndObject();
        }
        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    // A file here is whole or absent: one that can't be read was changed by somebody, and guessing would lose rows.
    static T Read<T>(string name, byte[] content, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            int format = document.RootElement.GetProperty("format").GetInt32();
            if (format > Layout.Format)
            {
                throw new CdcException(FailureKind.SinkUnfit,
                    $"The target's file '{name}' has format {format}, and this version knows {Layout.Format}.",
                    "Use the version that wrote it, or a newer one.");
            }
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
                                      or FormatException or OverflowException or ArgumentException)
        {
            throw new CdcException(FailureKind.SinkUnfit, $"The target's file '{name}' is damaged and can't be read.",
                "Restore the file, or start over into another directory.", e);
        }
    }

    static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException(name);

    static CommitTs Ts(JsonElement element, string name) => CommitTs.Parse(Text(element, name));

    static Owner ReadOwner(string text)
    {
        int dot = text.IndexOf('.');
        if (dot < 0) throw new FormatException("owner");
        return new(ulong.Parse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture),
            ulong.Parse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }

    static string KindName(EntryKind kind) => kind switch
    {
        EntryKind.Seal => "seal",
        EntryKind.Stream => "stream",
        EntryKind.Snapshot => "snapshot",
    };

    static EntryKind Kind(string name) => name switch
    {
        "seal" => EntryKind.Seal,
        "stream" => EntryKind.Stream,
        "snapshot" => EntryKind.Snapshot,
        _ => throw new FormatException("kind"),
    };
}
