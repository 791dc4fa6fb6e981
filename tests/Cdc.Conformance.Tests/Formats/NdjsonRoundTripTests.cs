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
                $"WHERE (o *= t) IS NOT TRUE {Unless(type)}");
            wrong.AddRange(rows.Select(row => $"{type} {row[0]}: was {row[1] ?? "NULL"}, is {row[2] ?? "NULL"}"));
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Every_operation_is_rebuilt_by_the_documented_SQL()
    {
        await server.ExecuteAsync(
            """"
            CREATE SCHEMA shop;
            CREATE TABLE orders (id bigint PRIMARY KEY, body text, amount numeric);
            CREATE TABLE shop."line ""items""" (note text, "order" int, line int, tags text[], PRIMARY KEY ("order", line));
            CREATE TABLE log (line text, data jsonb);
            CREATE TABLE nothing ();
            """");
        string lines = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "operations.ndjson"), TestContext.Current.CancellationToken);
        await server.LoadAsync(lines + lines); // What was written twice counts once.
        await server.QueryAsync("SELECT * FROM cdc_rebuild.rebuild()");

        Assert.Equal(
            ["(2,second,0)", "(10,\"first again\",12.00)", "(50,\"before the truncate\",5)"],
            await TextsAsync("SELECT t::text FROM orders t ORDER BY id"));
        Assert.Equal(["(n,1,3,{})"], await TextsAsync("SELECT t::text FROM shop.\"line \"\"items\"\"\" t"));
        Assert.Equal(
            ["(a,\"{\"\"x\"\": 1}\")", "(b,{})", "(c,)"], await TextsAsync("SELECT t::text FROM log t ORDER BY line"));
        Assert.Equal(["()"], await TextsAsync("SELECT t::text FROM nothing t"));
    }

    async Task<string[]> TextsAsync(string sql) =>
        [.. (await server.QueryAsync(sql)).Select(static row => row[0] ?? "NULL")];

    // The text of json may change where JSON says that it means the same: around it, and in the escapes of a string.
    static string Unless(string type) => type == "json" ? "AND (o.v::jsonb = t.v::jsonb) IS NOT TRUE" : "";

    // Each table's lines were encoded alone and begin at the same position.
    static string Placed(string lines, int commit) => lines.Replace("{\"pos\":\"0000000000000001", $"{{\"pos\":\"{commit:X16}");
}
