using System.Text.Json;
using Cdc.Engine.Ddl;

namespace Cdc.Engine.Schemas;

/// <summary>Fields of the persisted form: what is at its default is left out, and read as such.</summary>
/// <remarks>What is not as it must be is one of the exceptions that <see cref="SchemaJson"/> turns into a
/// refusal.</remarks>
static class JsonFields
{
    public static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> field, string? text)
    {
        if (text is not null) json.WriteString(field, text);
    }

    public static void WriteFlag(Utf8JsonWriter json, ReadOnlySpan<byte> field, bool flag)
    {
        if (flag) json.WriteBoolean(field, true);
    }

    public static void WriteName<T>(Utf8JsonWriter json, ReadOnlySpan<byte> field, T value) where T : struct, Enum
    {
        if (!EqualityComparer<T>.Default.Equals(value, default)) json.WriteString(field, value.ToString());
    }

    public static void WriteTable(Utf8JsonWriter json, ReadOnlySpan<byte> field, TableName? table)
    {
        if (table is not { } name) return;
        json.WriteStartObject(field);
        json.WriteString("schema"u8, name.Schema);
        json.WriteString("name"u8, name.Name);
        json.WriteEndObject();
    }

    public static void WriteList<T>(
        Utf8JsonWriter json, ReadOnlySpan<byte> field, ValueList<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (items.Count == 0) return;
        json.WriteStartArray(field);
        foreach (T item in items) write(json, item);
        json.WriteEndArray();
    }

    public static string Text(JsonElement json, ReadOnlySpan<byte> field) =>
        json.GetProperty(field).GetString() ?? throw new FormatException("a name is missing");

    public static string? OptionalText(JsonElement json, ReadOnlySpan<byte> field) =>
        json.TryGetProperty(field, out JsonElement text) ? text.GetString() : null;

    public static bool Flag(JsonElement json, ReadOnlySpan<byte> field) =>
        json.TryGetProperty(field, out JsonElement flag) && flag.GetBoolean();

    public static T OptionalName<T>(JsonElement json, ReadOnlySpan<byte> field) where T : struct, Enum =>
        json.TryGetProperty(field, out _) ? Named<T>(Text(json, field)) : default;

    public static TableName? OptionalTable(JsonElement json, ReadOnlySpan<byte> field) =>
        json.TryGetProperty(field, out JsonElement table)
            ? new TableName(Text(table, "schema"u8), Text(table, "name"u8))
            : null;

    public static ValueList<T> List<T>(JsonElement json, ReadOnlySpan<byte> field, Func<JsonElement, T> read) =>
        json.TryGetProperty(field, out JsonElement items) ? new([.. items.EnumerateArray().Select(read)]) : [];

    // Numbers and lists of names, which parsing an enumeration allows as well, are refused.
    public static T Named<T>(string name) where T : struct, Enum =>
        Enum.TryParse(name, out T value) && Enum.GetName(value) == name
            ? value
            : throw new FormatException("a name is unknown");
}
