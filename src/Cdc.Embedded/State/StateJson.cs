using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Engine.Storage;
using Cdc.Protocol;

namespace Cdc.Embedded.State;

/// <summary>The state's record as bytes: JSON that people can read, whose last property is a checksum of all before
/// it.</summary>
static class StateJson
{
    static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true, NewLine = "\n",
    };

    static ReadOnlySpan<byte> End => "\n}"u8;

    /// <summary>Writes the record.</summary>
    /// <param name="schemas">How many schema versions are durable beside it, and must still be there when it is
    /// read.</param>
    public static byte[] Write(ChangefeedState state, int schemas)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output, WriterOptions)) WriteRecord(json, state, schemas);
        ReadOnlySpan<byte> record = output.WrittenSpan[..^End.Length];
        return [.. record, .. Trailer(record)];
    }

    /// <summary>The format that the bytes say they have; null if they say none.</summary>
    public static int? FormatOf(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.GetProperty("format"u8).GetInt32();
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            return null;
        }
    }

    /// <summary>Reads the record back; false if a single byte is not as it was written.</summary>
    public static bool TryRead(byte[] bytes, out ChangefeedState? state, out int schemas)
    {
        (state, schemas) = (null, 0);
        int length = Trailer([]).Length;
        if (bytes.Length < length) return false;
        ReadOnlySpan<byte> record = bytes.AsSpan(0, bytes.Length - length);
        if (!bytes.AsSpan(record.Length).SequenceEqual(Trailer(record))) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            state = ReadRecord(document.RootElement);
            schemas = document.RootElement.GetProperty("schemas"u8).GetInt32();
            return true;
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            return false;
        }
    }

    static byte[] Trailer(ReadOnlySpan<byte> record) =>
        Encoding.ASCII.GetBytes($",\n  \"checksum\": \"{Crc32C.Of(record):x8}\"\n}}\n");

    static void WriteRecord(Utf8JsonWriter json, ChangefeedState state, int schemas)
    {
        json.WriteStartObject();
        json.WriteNumber("format"u8, state.Format);
        json.WriteString("name"u8, state.Name);
        json.WriteNumber("revision"u8, state.Revision);
        json.WriteStartObject("source"u8);
        json.WriteString("kind"u8, state.Source.Kind);
        json.WriteString("system"u8, state.Source.System);
        json.WriteString("database"u8, state.Source.Database);
        json.WriteNumber("timeline"u8, state.Source.Timeline);
        json.WriteEndObject();
        json.WriteString("slot"u8, state.Slot);
        json.WriteNumber("epoch"u8, state.Epoch);
        json.WriteString("firstConsistent"u8, state.FirstConsistent.ToString());
        json.WriteString("checkpoint"u8, state.Checkpoint.ToString());
        json.WriteString("written"u8, state.Written.ToString());
        json.WriteBoolean("targetKeepsRecord"u8, state.TargetKeepsRecord);
        json.WriteString("snapshot"u8, Phase(state.Snapshot));
        json.WriteStartObject("copied"u8);
        foreach ((TableId table, CommitTs at) in state.Copied) json.WriteString(table.ToString(), at.ToString());
        json.WriteEndObject();
        json.WriteStartObject("options"u8);
        foreach ((string name, string value) in state.Options) json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteNumber("schemas"u8, schemas);
        json.WriteEndObject();
    }

    static ChangefeedState ReadRecord(JsonElement json)
    {
        JsonElement source = json.GetProperty("source"u8);
        return new()
        {
            Format = json.GetProperty("format"u8).GetInt32(),
            Name = Text(json, "name"u8),
            Revision = json.GetProperty("revision"u8).GetInt64(),
            Source = new(Text(source, "kind"u8), Text(source, "system"u8), Text(source, "database"u8),
                source.GetProperty("timeline"u8).GetUInt32()),
            Slot = Text(json, "slot"u8),
            Epoch = json.GetProperty("epoch"u8).GetUInt64(),
            FirstConsistent = CommitTs.Parse(Text(json, "firstConsistent"u8)),
            Checkpoint = CommitTs.Parse(Text(json, "checkpoint"u8)),
            Written = CommitTs.Parse(Text(json, "written"u8)),
            TargetKeepsRecord = json.GetProperty("targetKeepsRecord"u8).GetBoolean(),
            Snapshot = Phase(Text(json, "snapshot"u8)),
            Copied = json.GetProperty("copied"u8).EnumerateObject().ToImmutableSortedDictionary(
                static copy => new TableId(long.Parse(copy.Name, CultureInfo.InvariantCulture)),
                static copy => CommitTs.Parse(copy.Value.GetString() ?? "")),
            Options = json.GetProperty("options"u8).EnumerateObject().ToImmutableSortedDictionary(
                static option => option.Name, static option => option.Value.GetString() ?? ""),
        };
    }

    static string Phase(SnapshotPhase phase) => phase switch
    {
        SnapshotPhase.Copying => "copying",
        SnapshotPhase.Done => "done",
    };

    static SnapshotPhase Phase(string text) => text switch
    {
        "copying" => SnapshotPhase.Copying,
        "done" => SnapshotPhase.Done,
        _ => throw new FormatException("No phase has this name."),
    };

    static string Text(JsonElement json, ReadOnlySpan<byte> name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException("A text is missing.");

    static bool IsMalformed(Exception exception) => exception
        is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or OverflowException
        or ArgumentException;
}
