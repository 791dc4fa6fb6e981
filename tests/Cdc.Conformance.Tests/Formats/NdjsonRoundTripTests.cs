using Cdc.Engine.Codecs.Ndjson;

namespace Cdc.Conformance.Tests.Formats;

/// <summary>What we write, PostgreSQL reads back with its own functions, to the byte.</summary>
public sealed class NdjsonRoundTripTests(FormatServer server) : IClassFixture<FormatServer>
{
    [Fact]
    public async Task Every_value_of_every_type_is_rebuilt_by_the_documented_SQL()
    {
        await server.ExecuteAsync(TypeValues.UserTypes);
        List<string> tables = [];
        string lines = "";
        foreach ((string type, string[] values) in TypeValues.All)
        {
            string table = $"types.t{tables.Count}";
            tables.Add(table);
            await server.ExecuteAsync($"CREATE TABLE {table} (id integer PRIMARY KEY, v {type})");
            for (int i = 0; i < values.Length; i++) await server.ExecuteAsync($"INSERT INTO {table} VALUES ({i}, {values[i]})");
            await server.ExecuteAsync($"INSERT INTO {table} VALUES (-1, NULL)");
            lines += Placed(await server.EncodeAsync(table, new NdjsonEncoder()), tables.Count);
            await server.ExecuteAsync($"CREATE TABLE {table}_original AS TABLE {table}");
        }
        await server.LoadAsync(lines);
        await server.QueryAsync("SELECT * FROM cdc_rebuild.rebuild()");

        List<string> wrong = [];
        foreach ((string table, string type) in tables.Zip(TypeValues.All.Select(static t => t.Type)))
        {
            // *= compares bytes: 1.0 and 1.00, or the JSON value null and NULL, are different.
            IReadOnlyList<IReadOnlyList<string?>> rows = await server.QueryAsync(
                $"SELECT o.id, o.v, t.v FROM {table}_original o FULL JOIN {table} t USING (id) " +
                "WHERE NOT (ROW(o.id, o.v) *= ROW(t.id, t.v))");
            wrong.AddRange(rows.Select(row => $"{type} {row[0]}: was {row[1] ?? "NULL"}, is {row[2] ?? "NULL"}"));
        }
        Assert.Empty(wrong);
    }

    // Each table's lines were encoded alone and begin at the same position.
    static string Placed(string lines, int commit) => lines.Replace("{\"pos\":\"0000000000000001", $"{{\"pos\":\"{commit:X16}");
}
