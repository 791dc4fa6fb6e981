using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Capture;

/// <summary>Reads the JSON that our own SQL makes of catalogs.</summary>
/// <remarks>No bytes make it crash: whatever is not as our SQL writes it is a ProtocolViolation. Text of a database
/// whose encoding is unknown (SQL_ASCII) may be no UTF-8; each broken byte becomes a replacement character.</remarks>
internal static class CatalogJson
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    public static T Read<T>(ReadOnlyMemory<byte> content, Func<JsonElement, T> read)
    {
        try
        {
            if (!Utf8.IsValid(content.Span))
                content = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content.Span));
            using JsonDocument document = JsonDocument.Parse(content, Options);
            return read(document.RootElement);
        }
        catch (Exception exception) when (
            exception is JsonException or FormatException or InvalidOperationException or OverflowException
                or KeyNotFoundException)
        {
            throw new CdcException(FailureKind.ProtocolViolation,
                "The server's description of a table can't be read: "
                + (exception is FormatException ? exception.Message : "it is not written as ours are") + ".",
                "Use the version of cdc that wrote it, or start over: cdc drop, then run again.", exception);
        }
    }

    /// <summary>Null if it is not there.</summary>
    public static string? Text(this JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.GetString()
            : null;

    public static string Required(this JsonElement json, string name) =>
        Text(json, name) ?? throw new FormatException($"it has no {name}");

    public static int Int32(this JsonElement json, string name) => json.GetProperty(name).GetInt32();

    /// <summary>A 64-bit number, which our SQL writes as text.</summary>
    public static long Int64(this JsonElement json, string name) =>
        long.Parse(json.Required(name), System.Globalization.CultureInfo.InvariantCulture);

    public static uint Oid(this JsonElement json, string name) => json.GetProperty(name).GetUInt32();

    /// <summary>False if it is not there.</summary>
    public static bool Flag(this JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    /// <summary>Empty if it is not there.</summary>
    public static IEnumerable<JsonElement> List(this JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.EnumerateArray()
            : [];

    public static IEnumerable<string> Texts(this JsonElement json, string name) =>
        json.List(name).Select(static item => item.GetString() ?? throw new FormatException("a text is missing"));

    /// <summary>A name of two parts: <c>{"schema":"shop","name":"orders"}</c>.</summary>
    public static TableName Name(this JsonElement json) => new(json.Required("schema"), json.Required("name"));

    /// <summary>The same under <paramref name="name"/>; null if it is not there.</summary>
    public static TableName? Name(this JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.Name()
            : null;
}
