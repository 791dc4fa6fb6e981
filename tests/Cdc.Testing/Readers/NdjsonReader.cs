using System.Text.Json;

namespace Cdc.Testing.Readers;

/// <summary>Turns NDJSON lines back into tables, by the rules of <c>docs/formats.md</c> and nothing else.</summary>
/// <remarks>
/// Lines come in the order of the output. A position seen before is a duplicate; it is noted and not applied. Changes of the
/// stream must ascend within a table; rows of a snapshot come in any order, before all changes of their table.
/// </remarks>
public sealed class NdjsonReader
{
    /// <summary>What stands in a row for the JSON value null, which <c>null</c> itself is not.</summary>
    public const string JsonNull = "json null";

    readonly HashSet<string> _seen = [];
    readonly Dictionary<string, string> _last = [];

    public RebuiltTables Rebuilt { get; } = new();

    /// <summary>Lines of each kind.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    /// <summary>The position of the last checkpoint line.</summary>
    public string? Checkpoint { get; private set; }

    /// <summary>Prefix and content of the logical messages; content that is not text as its digits.</summary>
    public List<(string Prefix, string Content)> Messages { get; } = [];

    /// <summary>Tables whose rows were written anew, which no line shows.</summary>
    public HashSet<string> Rewritten { get; } = [];

    public void ReadFile(string path)
    {
        foreach (string line in File.ReadLines(path)) ReadLine(line);
    }

    public void ReadLine(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 10_000 });
        JsonElement change = document.RootElement;
        string op = Text(change, "op");
        string position = Text(change, "pos");
        Counts[op] = Counts.GetValueOrDefault(op) + 1;
        if (op == "checkpoint")
        {
            if (string.CompareOrdinal(position, Checkpoint) < 0) Problem(position, "the checkpoint goes back");
            Checkpoint = position;
        }
        else if (!_seen.Add(position))
        {
            Problem(position, "is doubled");
        }
        else if (op == "m")
        {
            string content = change.TryGetProperty("content", out JsonElement text) ? text.GetString()! : Text(change, "contentHex");
            Messages.Add((Text(change, "prefix"), content));
        }
        else if (op == "ddl")
        {
            Ddl(change, position);
        }
        else
        {
            Apply(change, op, position, $"{Text(change, "schema")}.{Text(change, "table")}");
        }
    }

    // Without a table it concerns a type or a schema; tables in a renamed schema have lines of their own.
    void Ddl(JsonElement change, string position)
    {
        if (!change.TryGetProperty("table", out JsonElement name)) return;
        string table = $"{Text(change, "schema")}.{name.GetString()}";
        string kind = Text(change, "kind");
        if (kind is "create" or "drop" or "leave") Rebuilt.Forget(table);
        if (kind == "create") Rebuilt.Table(table);
        if (kind == "alter") Alter(change, table);
        _last[table] = position;
    }

    void Alter(JsonElement change, string table)
    {
        if (change.TryGetProperty("was", out JsonElement was))
            Rebuilt.Rename($"{Text(was, "schema")}.{Text(was, "name")}", table);
        if (change.TryGetProperty("rewritten", out _)) Rewritten.Add(table);
        foreach (Dictionary<string, string> row in Rebuilt.Table(table).Values)
        {
            if (change.TryGetProperty("dropped", out JsonElement dropped))
            {
                foreach (JsonElement column in dropped.EnumerateArray()) row.Remove(column.GetString()!);
            }
            if (change.TryGetProperty("renamed", out JsonElement renamed)) Rename(row, renamed);
            if (!change.TryGetProperty("added", out JsonElement added)) continue;
            foreach (JsonProperty column in added.EnumerateObject()) row[column.Name] = column.Value.GetRawText();
        }
    }

    // All at once: two columns may have changed their names with each other.
    static void Rename(Dictionary<string, string> row, JsonElement renamed)
    {
        List<(string Name, string Value)> moved = [];
        foreach (JsonProperty column in renamed.EnumerateObject())
        {
            if (row.Remove(column.Name, out string? value)) moved.Add((column.Value.GetString()!, value));
        }
        foreach ((string name, string value) in moved) row[name] = value;
    }

    void Apply(JsonElement change, string op, string position, string table)
    {
        bool ordered = !_last.TryGetValue(table, out string? last) || string.CompareOrdinal(last, position) < 0;
        if (op != "r") _last[table] = position;
        if (!ordered) Problem(position, $"{table} is out of order, behind {last}");
        switch (op)
        {
            case "r" or "c":
                Dictionary<string, string> row = RowOf(change, "after");
                Rebuilt.Insert(table, KeyFor(change, table, row), row, position);
                break;
            case "u":
                Update(change, table, position);
                break;
            case "d":
                Rebuilt.Delete(table, KeyOf(change, table, "key"), position);
                break;
            case "t":
                Rebuilt.Truncate(table);
                break;
            default:
                Problem(position, $"op {op} is not known");
                break;
        }
    }

    // Before names the old row when the key changed; unchanged values are taken from it.
    void Update(JsonElement change, string table, string position)
    {
        JsonElement before = change.GetProperty("before");
        string old = before.ValueKind == JsonValueKind.Null ? KeyOf(change, table, "key") : OldKey(change, table, before);
        Dictionary<string, string>? replaced = Rebuilt.Delete(table, old, position);
        Dictionary<string, string> row = RowOf(change, "after");
        if (change.TryGetProperty("unchanged", out JsonElement unchanged))
        {
            foreach (JsonElement name in unchanged.EnumerateArray())
            {
                if (replaced is not null && replaced.TryGetValue(name.GetString()!, out string? value)) row[name.GetString()!] = value;
                else Problem(position, $"{table}.{name} is unchanged, but was never seen");
            }
        }
        Rebuilt.Insert(table, KeyFor(change, table, row), row, position);
    }

    string OldKey(JsonElement change, string table, JsonElement before)
    {
        JsonElement key = change.GetProperty("key");
        if (key.ValueKind == JsonValueKind.Null) return Rebuilt.LastEqual(table, Canonical(RowOf(change, "before")));
        IEnumerable<string> values = key.EnumerateObject()
            .Select(column => (before.TryGetProperty(column.Name, out JsonElement old) ? old : column.Value).GetRawText());
        return string.Join(',', values);
    }

    string KeyOf(JsonElement change, string table, string field)
    {
        JsonElement key = change.GetProperty(field);
        return key.ValueKind == JsonValueKind.Null
            ? Rebuilt.LastEqual(table, Canonical(RowOf(change, "before")))
            : string.Join(',', key.EnumerateObject().Select(static column => column.Value.GetRawText()));
    }

    string KeyFor(JsonElement change, string table, Dictionary<string, string> row) =>
        change.GetProperty("key").ValueKind == JsonValueKind.Null
            ? Rebuilt.NextEqual(table, Canonical(row))
            : KeyOf(change, table, "key");

    static Dictionary<string, string> RowOf(JsonElement change, string image)
    {
        Dictionary<string, string> row = [];
        foreach (JsonProperty column in change.GetProperty(image).EnumerateObject()) row[column.Name] = column.Value.GetRawText();
        if (change.TryGetProperty("jsonNull", out JsonElement nulls) && nulls.TryGetProperty(image, out JsonElement names))
        {
            foreach (JsonElement name in names.EnumerateArray()) row[name.GetString()!] = JsonNull;
        }
        return row;
    }

    static string Canonical(Dictionary<string, string> row) =>
        string.Join(',', row.OrderBy(static c => c.Key, StringComparer.Ordinal).Select(static c => $"{c.Key}={c.Value}"));

    static string Text(JsonElement change, string name) => change.GetProperty(name).GetString()!;

    void Problem(string position, string what) => Rebuilt.Problems.Add($"{position}: {what}");
}
