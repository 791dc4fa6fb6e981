using System.Text.Json;

namespace Cdc.Testing.Readers;

/// <summary>Turns Debezium's JSON back into tables as its common consumers do: <c>c</c> and <c>r</c> add <c>after</c>,
/// <c>d</c> takes <c>before</c> away, <c>u</c> does both, <c>t</c> empties the table.</summary>
/// <remarks>
/// In files there is no message key, so the consumer is told each table's key, as such consumers are. Without
/// REPLICA IDENTITY FULL an update has no <c>before</c>; then the key of <c>after</c> names the row. A placeholder keeps
/// the value that the row had. A table without key needs <c>before</c>.
/// </remarks>
/// <param name="keys">The key's columns by table (<c>schema.table</c>); a table that is not named has none.</param>
public sealed class DebeziumReader(IReadOnlyDictionary<string, string[]> keys)
{
    const string Unavailable = "__debezium_unavailable_value";
    const string UnavailableBase64 = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";

    readonly HashSet<(ulong Lsn, string Table, long Order)> _seen = [];
    readonly Dictionary<string, (ulong Lsn, long Order)> _last = [];

    public RebuiltTables Rebuilt { get; } = new();

    public Dictionary<string, int> Counts { get; } = [];

    /// <summary>Prefix and content of the logical messages.</summary>
    public List<(string Prefix, byte[] Content)> Messages { get; } = [];

    public void ReadFile(string path)
    {
        foreach (string line in File.ReadLines(path)) ReadLine(line);
    }

    public void ReadLine(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 10_000 });
        JsonElement change = document.RootElement;
        JsonElement source = change.GetProperty("source");
        if (change.TryGetProperty("tableChanges", out JsonElement changes))
        {
            foreach (JsonElement one in changes.EnumerateArray()) Change(one.GetProperty("type").GetString()!, source);
            return;
        }
        string op = change.GetProperty("op").GetString()!;
        Counts[op] = Counts.GetValueOrDefault(op) + 1;
        if (op == "m")
        {
            JsonElement message = change.GetProperty("message");
            Messages.Add((message.GetProperty("prefix").GetString()!, message.GetProperty("content").GetBytesFromBase64()));
            return;
        }
        string table = $"{source.GetProperty("schema").GetString()}.{source.GetProperty("table").GetString()}";
        ulong lsn = source.GetProperty("lsn").GetUInt64();
        string where = $"{lsn} {op}";
        if (IsNew(change, table, lsn, where)) Apply(change, op, table, where);
    }

    // What is gone is empty when it comes again under the same name.
    void Change(string type, JsonElement source)
    {
        Counts[type] = Counts.GetValueOrDefault(type) + 1;
        string table = $"{source.GetProperty("schema").GetString()}.{source.GetProperty("table").GetString()}";
        if (type is "CREATE" or "DROP") Rebuilt.Forget(table);
    }

    bool IsNew(JsonElement change, string table, ulong lsn, string where)
    {
        JsonElement transaction = change.GetProperty("transaction");
        if (transaction.ValueKind == JsonValueKind.Null) return true;
        long order = transaction.GetProperty("total_order").GetInt64();
        if (!_seen.Add((lsn, table, order)))
        {
            Rebuilt.Problems.Add($"{where}: {table} order {order} is doubled");
            return false;
        }
        if (_last.TryGetValue(table, out (ulong Lsn, long Order) last) && (lsn, order).CompareTo(last) < 0)
            Rebuilt.Problems.Add($"{where}: {table} order {order} is out of order");
        _last[table] = (lsn, order);
        return true;
    }

    void Apply(JsonElement change, string op, string table, string where)
    {
        JsonElement before = change.GetProperty("before");
        JsonElement after = change.GetProperty("after");
        Dictionary<string, string>? old = null;
        switch (op)
        {
            case "t":
                Rebuilt.Truncate(table);
                return;
            case "d":
                Rebuilt.Delete(table, KeyOf(table, before, taken: true), where);
                return;
            case "u":
                old = Rebuilt.Delete(table, KeyOf(table, before.ValueKind == JsonValueKind.Null ? after : before, taken: true), where);
                break;
            case "r" or "c":
                break;
            default:
                Rebuilt.Problems.Add($"{where}: op is not known");
                return;
        }
        Dictionary<string, string> row = [];
        foreach (JsonProperty column in after.EnumerateObject())
        {
            string value = column.Value.GetRawText();
            row[column.Name] = IsUnavailable(column.Value) && old is not null && old.TryGetValue(column.Name, out string? kept)
                ? kept
                : value;
        }
        Rebuilt.Insert(table, KeyOf(table, after, taken: false), row, where);
    }

    string KeyOf(string table, JsonElement image, bool taken)
    {
        if (keys.TryGetValue(table, out string[]? key) && key.Length > 0)
            return string.Join(',', key.Select(name => image.GetProperty(name).GetRawText()));
        string content = string.Join(',', image.EnumerateObject().Select(static c => $"{c.Name}={c.Value.GetRawText()}"));
        return taken ? Rebuilt.LastEqual(table, content) : Rebuilt.NextEqual(table, content);
    }

    // The placeholder of an array of numbers is the text's bytes; nobody stores that by chance.
    static bool IsUnavailable(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is Unavailable or UnavailableBase64,
        JsonValueKind.Array when value.GetArrayLength() == 1 => IsUnavailable(value[0]),
        JsonValueKind.Array when value.GetArrayLength() == Unavailable.Length =>
            value.EnumerateArray().Select((item, i) => (item, i))
                .All(static p => p.item.ValueKind == JsonValueKind.Number && p.item.GetInt64() == Unavailable[p.i]),
        _ => false,
    };
}
