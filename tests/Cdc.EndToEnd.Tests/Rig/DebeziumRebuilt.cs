using System.Text.Json;
using Cdc.Testing;
using Cdc.Testing.Readers;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Rebuilds tables from Debezium's form, with a reader that knows only the rules its consumers go by.</summary>
static class DebeziumRebuilt
{
    static readonly Dictionary<string, string[]> Keys = new()
    {
        ["shop.accounts"] = ["id"], ["shop.orders"] = ["id"], ["shop.lines"] = ["order_id", "line"], ["shop.wide"] = ["id"],
        ["shop.scratch"] = ["id"], ["shop.scratch_child"] = ["id"], ["shop.codes"] = ["code"],
        ["shop.deferred"] = ["id"], ["shop.nothing"] = ["id"],
    };

    static readonly Dictionary<string, string[]> Columns = new()
    {
        ["accounts"] = ["id", "owner", "balance"], ["orders"] = ["id", "state", "note", "amount"],
        ["lines"] = ["order_id", "line", "what"], ["wide"] = ["id", "n", "body", "mood"],
        ["scratch"] = ["id", "what"], ["scratch_child"] = ["id"], ["codes"] = ["code", "name"],
    };

    public static async Task MustEqualAsync(PostgresCluster cluster, string source, IEnumerable<string> lines)
    {
        DebeziumReader reader = new(Keys);
        foreach (string line in lines) reader.ReadLine(line);
        Assert.Empty(reader.Rebuilt.Problems);
        foreach ((string table, string[] columns) in Columns)
        {
            string list = string.Join(", ", columns.Select(static column => $"{column}::text"));
            var expected = (await cluster.QueryAsync($"select {list} from shop.{table}", source))
                .Select(static row => string.Join('|', row.Select(static cell => cell ?? "NULL"))).Order();
            var found = reader.Rebuilt.Table($"shop.{table}").Values
                .Select(row => string.Join('|', columns.Select(column => Text(row[column])))).Order();
            Assert.Equal(expected, found);
        }
    }

    static string Text(string json)
    {
        using JsonDocument value = JsonDocument.Parse(json);
        return value.RootElement.ValueKind switch
        {
            JsonValueKind.Null => "NULL",
            JsonValueKind.String => value.RootElement.GetString()!,
            _ => value.RootElement.GetRawText(),
        };
    }
}
