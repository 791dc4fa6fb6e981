using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>The schema-change event that Debezium's connectors write, one for each table that a statement
/// changed.</summary>
internal static class DebeziumDdl
{
    // Of java.sql.Types, as PostgreSQL's driver maps.
    const int Other = 1111;
    // The server adds it to lengths, and to precision and scale.
    const int ModifierBase = 4;

    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the form has a way to say: each table, or else the statement's text.</summary>
    public static IEnumerable<SchemaChange> Sayable(DdlEvent ddl) =>
        ddl.Changes.Any(static change => TableOf(change) is not null)
            ? ddl.Changes.Where(static change => TableOf(change) is not null)
            : ddl.Changes.Take(ddl.Sql is null ? 0 : 1);

    /// <summary>What stands behind <c>source</c>.</summary>
    public static void Write(
        DdlEvent ddl, SchemaChange change, long millis, string database, IBufferWriter<byte> output)
    {
        using Utf8JsonWriter json = new(output, Options);
        json.WriteStartObject();
        json.WriteNumber("ts_ms"u8, millis);
        json.WriteString("databaseName"u8, database);
        json.WriteString("schemaName"u8, TableOf(change)?.Name.Schema ?? SchemaOf(change));
        json.WriteString("ddl"u8, ddl.Sql);
        json.WriteStartArray("tableChanges"u8);
        if (TableOf(change) is { } table) WriteChange(json, change, table, database);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static TableSchema? TableOf(SchemaChange change) => change switch
    {
        SchemaChange.TableDropped dropped => dropped.Before,
        SchemaChange.TableLeft left => left.Before,
        _ => change.Table,
    };

    static string? SchemaOf(SchemaChange change) => change switch
    {
        SchemaChange.TypeAltered altered => altered.After.Name.Schema,
        SchemaChange.TypeDropped dropped => dropped.Name.Schema,
        SchemaChange.SchemaRenamed renamed => renamed.After,
        SchemaChange.SchemaDropped dropped => dropped.Name,
        _ => null,
    };

    static void WriteChange(Utf8JsonWriter json, SchemaChange change, TableSchema table, string database)
    {
        string id = Id(database, table.Name);
        json.WriteStartObject();
        switch (change)
        {
            case SchemaChange.TableCreated:
                json.WriteString("type"u8, "CREATE"u8);
                break;
            case SchemaChange.TableAltered altered:
                json.WriteString("type"u8, "ALTER"u8);
                if (altered.Before.Name != table.Name) id = $"{Id(database, altered.Before.Name)},{id}";
                break;
            default:
                json.WriteString("type"u8, "DROP"u8);
                break;
        }
        json.WriteString("id"u8, id);
        if (change.Table is null) json.WriteNull("table"u8);
        else WriteTable(json, table);
        json.WriteEndObject();
    }

    static void WriteTable(Utf8JsonWriter json, TableSchema table)
    {
        json.WriteStartObject("table"u8);
        json.WriteNull("defaultCharsetName"u8);
        json.WriteStartArray("primaryKeyColumnNames"u8);
        foreach (int ordinal in table.Key) json.WriteStringValue(table.Columns[ordinal].Name);
        json.WriteEndArray();
        json.WriteStartArray("columns"u8);
        int position = 0;
        foreach (DescribedColumn column in DescribedColumn.Of(table)) WriteColumn(json, column, table, ++position);
        json.WriteEndArray();
        json.WriteNull("comment"u8);
        json.WriteEndObject();
    }

    static void WriteColumn(Utf8JsonWriter json, DescribedColumn column, TableSchema table, int position)
    {
        (ColumnDefinition definition, ColumnType? type) = column;
        (int? length, int? scale) = type is null ? (null, null) : SizeOf(type);
        bool isSerial = table.Definition?.Sequences.Any(sequence => sequence.Column == definition.Name) ?? false;
        json.WriteStartObject();
        json.WriteString("name"u8, definition.Name);
        json.WriteNumber("jdbcType"u8, type is null ? Other : JdbcType(type));
        WriteNumber(json, "nativeType"u8, type is { SourceId: > 0 } ? type.SourceId : null);
        json.WriteString("typeName"u8, type?.Name ?? definition.Type);
        json.WriteString("typeExpression"u8, definition.Type);
        json.WriteNull("charsetName"u8);
        WriteNumber(json, "length"u8, length);
        WriteNumber(json, "scale"u8, scale);
        json.WriteNumber("position"u8, position);
        json.WriteBoolean("optional"u8, !definition.NotNull);
        json.WriteBoolean("autoIncremented"u8, isSerial || definition.IdentityKind is not null);
        json.WriteBoolean("generated"u8, definition.IsGenerated);
        json.WriteNull("comment"u8);
        json.WriteString("defaultValueExpression"u8, definition.IsGenerated ? null : definition.Default);
        WriteLabels(json, table, type);
        json.WriteEndObject();
    }

    static void WriteLabels(Utf8JsonWriter json, TableSchema table, ColumnType? type)
    {
        TypeDefinition? labels = type is { Kind: TypeKind.Enum, SourceId: > 0 }
            ? table.Definition?.Types.FirstOrDefault(t => t.SourceId == type.SourceId && t.Form == TypeForm.Enum)
            : null;
        if (labels is null)
        {
            json.WriteNull("enumValues"u8);
            return;
        }
        json.WriteStartArray("enumValues"u8);
        foreach (string label in labels.Labels) json.WriteStringValue(label);
        json.WriteEndArray();
    }

    static (int? Length, int? Scale) SizeOf(ColumnType type) => type switch
    {
        { Modifier: < 0 } => (null, null),
        { Kind: TypeKind.Numeric, Modifier: >= ModifierBase } =>
            ((type.Modifier - ModifierBase) >> 16, (type.Modifier - ModifierBase) & 0x7FF),
        { Kind: TypeKind.Text, Modifier: >= ModifierBase } => (type.Modifier - ModifierBase, null),
        { Kind: TypeKind.Bit } => (type.Modifier, null),
        { Kind: TypeKind.Time or TypeKind.TimeTz or TypeKind.Timestamp or TypeKind.TimestampTz } =>
            (null, type.Modifier),
        _ => (null, null),
    };

    static int JdbcType(ColumnType type) => type.Kind switch
    {
        TypeKind.Boolean or TypeKind.Bit => -7,
        TypeKind.Int16 => 5,
        TypeKind.Int32 => 4,
        TypeKind.Int64 or TypeKind.Oid => -5,
        TypeKind.Float32 => 7,
        TypeKind.Float64 or TypeKind.Money => 8,
        TypeKind.Numeric => 2,
        TypeKind.Text when type.Name == "bpchar" => 1,
        TypeKind.Text or TypeKind.Enum => 12,
        TypeKind.Binary => -2,
        TypeKind.Date => 91,
        TypeKind.Time or TypeKind.TimeTz => 92,
        TypeKind.Timestamp or TypeKind.TimestampTz => 93,
        TypeKind.Xml => 2009,
        TypeKind.Array => 2003,
        TypeKind.Composite => 2002,
        _ => Other,
    };

    static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> field, long? number)
    {
        if (number is { } value) json.WriteNumber(field, value);
        else json.WriteNull(field);
    }

    static string Id(string database, TableName table) =>
        string.Join('.', ((string[])[database, table.Schema, table.Name]).Select(static name =>
            $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
}
