using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cdc.Engine.Failures;
using Cdc.Protocol;
using static Cdc.Engine.Schemas.JsonFields;

namespace Cdc.Engine.Schemas;

/// <summary>A version of a table's shape as one line of JSON: the persisted form, wherever schemas are kept.</summary>
/// <remarks>What is left at its default is left out. Equal versions give equal bytes. A line of a newer format, or one
/// that is no such line, is refused with StateUnusable; no bytes make reading crash.</remarks>
public static class SchemaJson
{
    /// <summary>The format this build writes.</summary>
    public const int CurrentFormat = 1;

    // A type nests at most as deep as the server lets it; three levels of JSON for each.
    const int DepthMax = 256;

    static readonly JsonWriterOptions WriterOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = DepthMax };
    static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = DepthMax };

    /// <summary>Writes one line, without its end.</summary>
    public static void Write(TableSchema schema, IBufferWriter<byte> output)
    {
        using Utf8JsonWriter json = new(output, WriterOptions);
        json.WriteStartObject();
        json.WriteNumber("format"u8, CurrentFormat);
        json.WriteNumber("id"u8, schema.Id.Value);
        json.WriteString("since"u8, schema.Since.ToString());
        json.WriteString("schema"u8, schema.Name.Schema);
        json.WriteString("table"u8, schema.Name.Name);
        if (schema.SourceId != 0) json.WriteNumber("sourceId"u8, schema.SourceId);
        WriteFlag(json, "dropped"u8, schema.IsDropped);
        WriteName(json, "identity"u8, schema.Identity);
        json.WriteStartArray("columns"u8);
        foreach (Column column in schema.Columns) WriteColumn(json, column);
        json.WriteEndArray();
        if (schema.Key.Length > 0)
        {
            json.WriteStartArray("key"u8);
            foreach (int ordinal in schema.Key) json.WriteNumberValue(ordinal);
            json.WriteEndArray();
        }
        if (schema.Definition is { } definition)
        {
            json.WritePropertyName("definition"u8);
            DefinitionJson.Write(json, definition);
        }
        json.WriteEndObject();
    }

    /// <summary>Reads one line back.</summary>
    /// <param name="place">Where the line is kept, for the failure's sentence: file and line.</param>
    /// <exception cref="CdcException">StateUnusable.</exception>
    public static TableSchema Read(ReadOnlyMemory<byte> line, string place)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, ReaderOptions);
            JsonElement json = document.RootElement;
            int format = json.GetProperty("format"u8).GetInt32();
            if (format > CurrentFormat) throw Newer(place, format);
            if (format < 1) throw new FormatException("the format number is impossible");
            return Verified(ReadSchema(json));
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw new CdcException(FailureKind.StateUnusable, $"{place} is damaged: it is not a table's description.",
                "Put the file back from a backup, or start over with another --name.", exception);
        }
    }

    static void WriteColumn(Utf8JsonWriter json, Column column)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, column.Name);
        if (column.IsIdentity) json.WriteBoolean("identity"u8, true);
        json.WritePropertyName("type"u8);
        WriteType(json, column.Type);
        json.WriteEndObject();
    }

    static void WriteType(Utf8JsonWriter json, ColumnType type)
    {
        json.WriteStartObject();
        json.WriteString("kind"u8, type.Kind.ToString());
        json.WriteString("name"u8, type.Name);
        if (type.SourceId != 0) json.WriteNumber("sourceId"u8, type.SourceId);
        if (type.Modifier != -1) json.WriteNumber("modifier"u8, type.Modifier);
        if (type.Delimiter != ',') json.WriteNumber("delimiter"u8, (int)type.Delimiter);
        if (type.Element is { } element)
        {
            json.WritePropertyName("element"u8);
            WriteType(json, element);
        }
        if (type.Fields.Length > 0)
        {
            json.WriteStartArray("fields"u8);
            foreach (CompositeField field in type.Fields)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, field.Name);
                json.WritePropertyName("type"u8);
                WriteType(json, field.Type);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    static TableSchema ReadSchema(JsonElement json) => new()
    {
        Id = new(json.GetProperty("id"u8).GetInt64()),
        Since = CommitTs.Parse(Text(json, "since"u8)),
        Name = new(Text(json, "schema"u8), Text(json, "table"u8)),
        SourceId = json.TryGetProperty("sourceId"u8, out JsonElement id) ? id.GetUInt32() : 0,
        IsDropped = Flag(json, "dropped"u8),
        Identity = OptionalName<ReplicaIdentity>(json, "identity"u8),
        Columns = [.. json.GetProperty("columns"u8).EnumerateArray().Select(static column => new Column(
            Text(column, "name"u8),
            ReadType(column.GetProperty("type"u8)),
            column.TryGetProperty("identity"u8, out JsonElement identity) && identity.GetBoolean()))],
        Key = json.TryGetProperty("key"u8, out JsonElement key)
            ? [.. key.EnumerateArray().Select(static ordinal => ordinal.GetInt32())]
            : [],
        Definition = json.TryGetProperty("definition"u8, out JsonElement definition)
            ? DefinitionJson.Read(definition)
            : null,
    };

    static ColumnType ReadType(JsonElement json) => new(
        Named<TypeKind>(Text(json, "kind"u8)),
        Text(json, "name"u8),
        json.TryGetProperty("sourceId"u8, out JsonElement id) ? id.GetUInt32() : 0,
        json.TryGetProperty("modifier"u8, out JsonElement modifier) ? modifier.GetInt32() : -1)
    {
        Delimiter = json.TryGetProperty("delimiter"u8, out JsonElement delimiter)
            ? checked((char)delimiter.GetInt32())
            : ',',
        Element = json.TryGetProperty("element"u8, out JsonElement element) ? ReadType(element) : null,
        Fields = json.TryGetProperty("fields"u8, out JsonElement fields)
            ? [.. fields.EnumerateArray().Select(static field =>
                new CompositeField(Text(field, "name"u8), ReadType(field.GetProperty("type"u8))))]
            : [],
    };

    static TableSchema Verified(TableSchema schema)
    {
        if (schema.Id.Value < 1) throw new FormatException("the id is impossible");
        if (schema.Since.Step > CommitTs.MaxStep) throw new FormatException("the position is impossible");
        if (schema.Key.Any(ordinal => (uint)ordinal >= (uint)schema.Columns.Length)
            || schema.Key.Distinct().Count() != schema.Key.Length) throw new FormatException("the key is impossible");
        return schema;
    }

    static CdcException Newer(string place, int format) => new(
        FailureKind.StateUnusable,
        $"{place} was written by a newer cdc: its format is {format}, this one reads {CurrentFormat}.",
        "Use the newer cdc, or start over with another --name.");

    static bool IsMalformed(Exception exception) => exception
        is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or OverflowException;
}
