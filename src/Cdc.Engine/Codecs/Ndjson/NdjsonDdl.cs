using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>The lines of a DDL, one for each change that it made.</summary>
internal static class NdjsonDdl
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(DdlEvent ddl, SchemaChange change, uint sequence, IBufferWriter<byte> output)
    {
        using (Utf8JsonWriter json = new(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("pos"u8, $"{ddl.Stamp.Ts}.{sequence:X8}");
            json.WriteString("op"u8, "ddl"u8);
            WriteSubject(json, change);
            json.WritePropertyName("time"u8);
            Span<byte> time = stackalloc byte[32];
            json.WriteRawValue(time[..CommitTimeText.Format(ddl.Stamp.CommitTime, time)]);
            if (ddl.Stamp.Xid == 0) json.WriteNull("xid"u8);
            else json.WriteNumber("xid"u8, ddl.Stamp.Xid);
            json.WriteString("kind"u8, KindOf(change));
            json.WriteString("tag"u8, ddl.Tag);
            json.WriteString("sql"u8, ddl.Sql);
            json.WriteString("searchPath"u8, ddl.SearchPath);
            WriteEffect(json, change);
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    static string KindOf(SchemaChange change) => change switch
    {
        SchemaChange.TableCreated => "create",
        SchemaChange.TableAltered => "alter",
        SchemaChange.TableDropped => "drop",
        SchemaChange.TableLeft => "leave",
        SchemaChange.TypeAltered => "alter type",
        SchemaChange.TypeDropped => "drop type",
        SchemaChange.SchemaRenamed => "rename schema",
        SchemaChange.SchemaDropped => "drop schema",
        _ => throw new InvariantBrokenException("Every change of a schema has a line."),
    };

    static void WriteSubject(Utf8JsonWriter json, SchemaChange change)
    {
        (string schema, string? table) = change switch
        {
            SchemaChange.TableCreated created => Split(created.After.Name),
            SchemaChange.TableAltered altered => Split(altered.After.Name),
            SchemaChange.TableDropped dropped => Split(dropped.Before.Name),
            SchemaChange.TableLeft left => Split(left.Before.Name),
            SchemaChange.TypeAltered altered => (altered.After.Name.Schema, null),
            SchemaChange.TypeDropped dropped => (dropped.Name.Schema, null),
            SchemaChange.SchemaRenamed renamed => (renamed.After, null),
            SchemaChange.SchemaDropped dropped => (dropped.Name, null),
            _ => throw new InvariantBrokenException("Every change of a schema has a line."),
        };
        json.WriteString("schema"u8, schema);
        if (table is not null) json.WriteString("table"u8, table);
    }

    static void WriteEffect(Utf8JsonWriter json, SchemaChange change)
    {
        switch (change)
        {
            case SchemaChange.TableCreated created:
                WriteTable(json, created.After);
                break;
            case SchemaChange.TableAltered altered:
                if (altered.Before.Name != altered.After.Name) WriteName(json, "was"u8, altered.Before.Name);
                WriteTable(json, altered.After);
                WriteDifference(json, altered);
                break;
            case SchemaChange.TableLeft left:
                WriteName(json, "to"u8, left.Name);
                break;
            case SchemaChange.TypeAltered altered:
                json.WriteString("type"u8, altered.After.Name.Name);
                if (altered.Before is { } before && before.Name != altered.After.Name)
                    WriteName(json, "was"u8, before.Name);
                WriteType(json, altered.After);
                break;
            case SchemaChange.TypeDropped dropped:
                json.WriteString("type"u8, dropped.Name.Name);
                break;
            case SchemaChange.SchemaRenamed renamed:
                json.WriteString("was"u8, renamed.Before);
                break;
        }
    }

    static void WriteTable(Utf8JsonWriter json, TableSchema table)
    {
        json.WriteStartArray("key"u8);
        foreach (int ordinal in table.Key) json.WriteStringValue(table.Columns[ordinal].Name);
        json.WriteEndArray();
        json.WriteStartArray("columns"u8);
        foreach (DescribedColumn column in DescribedColumn.Of(table)) WriteColumn(json, column.Definition);
        json.WriteEndArray();
    }

    static void WriteColumn(Utf8JsonWriter json, ColumnDefinition column)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, column.Name);
        json.WriteString("type"u8, column.Type);
        if (column.NotNull) json.WriteBoolean("notNull"u8, true);
        if (column.Default is { } expression)
            json.WriteString(column.IsGenerated ? "generated"u8 : "default"u8, expression);
        if (column.IdentityKind is { } identity) json.WriteString("identity"u8, identity);
        json.WriteEndObject();
    }

    // What a consumer does to the rows that it has: they don't come again.
    static void WriteDifference(Utf8JsonWriter json, SchemaChange.TableAltered altered)
    {
        Dictionary<int, ColumnDefinition> before =
            (altered.Before.Definition?.Columns ?? []).ToDictionary(static c => c.Number);
        if (altered.After.Definition is not { } after || before.Count == 0) return;
        HashSet<int> left = [.. after.Columns.Select(static c => c.Number)];
        ColumnDefinition[] added = [.. after.Columns.Where(c => !before.ContainsKey(c.Number))];
        ColumnDefinition[] dropped = [.. before.Values.Where(c => !left.Contains(c.Number))];
        ColumnDefinition[] renamed =
            [.. after.Columns.Where(c => before.TryGetValue(c.Number, out var old) && old.Name != c.Name)];
        if (added.Length > 0)
        {
            json.WriteStartObject("added"u8);
            foreach (ColumnDefinition column in added) json.WriteString(column.Name, column.MissingValue);
            json.WriteEndObject();
        }
        if (renamed.Length > 0)
        {
            json.WriteStartObject("renamed"u8);
            foreach (ColumnDefinition column in renamed) json.WriteString(before[column.Number].Name, column.Name);
            json.WriteEndObject();
        }
        if (dropped.Length > 0)
        {
            json.WriteStartArray("dropped"u8);
            foreach (ColumnDefinition column in dropped) json.WriteStringValue(column.Name);
            json.WriteEndArray();
        }
        if (Loses(altered.Rewrite)) json.WriteBoolean("rewritten"u8, true);
    }

    static bool Loses(TableRewrite rewrite) =>
        (rewrite & (TableRewrite.Default | TableRewrite.ColumnType)) != 0 && (rewrite & TableRewrite.Empty) == 0;

    static void WriteType(Utf8JsonWriter json, TypeDefinition type)
    {
        switch (type.Form)
        {
            case TypeForm.Enum:
                json.WriteStartArray("labels"u8);
                foreach (string label in type.Labels) json.WriteStringValue(label);
                json.WriteEndArray();
                break;
            case TypeForm.Composite:
                json.WriteStartArray("fields"u8);
                foreach (ColumnDefinition field in type.Attributes) WriteColumn(json, field);
                json.WriteEndArray();
                break;
            default:
                if (type.Base is { } basis) json.WriteString("base"u8, basis);
                break;
        }
    }

    static void WriteName(Utf8JsonWriter json, ReadOnlySpan<byte> field, TableName name)
    {
        json.WriteStartObject(field);
        json.WriteString("schema"u8, name.Schema);
        json.WriteString("name"u8, name.Name);
        json.WriteEndObject();
    }

    static (string Schema, string Table) Split(TableName name) => (name.Schema, name.Name);
}
