using System.Buffers;
using System.Globalization;
using System.Text;
using Cdc.Engine.Codecs;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Cdc.Testing;
using Npgsql;

namespace Cdc.Conformance.Tests.Formats;

/// <summary>A server with a database whose sessions print values as the source's do.</summary>
public sealed class FormatServer : IAsyncLifetime
{
    const string Database = "formats";

    PostgresCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string>
            {
                ["fsync"] = "off",
                ["timezone"] = "'UTC'",
                ["datestyle"] = "'ISO, MDY'",
                ["intervalstyle"] = "'postgres'",
                ["extra_float_digits"] = "3",
            },
        });
        await _cluster.CreateDatabaseAsync(Database);
        await ExecuteAsync(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "rebuild.sql")));
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    public Task ExecuteAsync(string sql) => _cluster.ExecuteAsync(sql, Database);

    public Task<IReadOnlyList<IReadOnlyList<string?>>> QueryAsync(string sql) => _cluster.QueryAsync(sql, Database);

    /// <summary>The rows of one table as the lines of a snapshot.</summary>
    public async Task<string> EncodeAsync(string table, IRowEncoder encoder)
    {
        TableSchema schema = await SchemaAsync(table);
        RowWriter writer = new(new RowBlockPool());
        writer.Begin(new(new(1, 0), 0, 1));
        foreach (IReadOnlyList<string?> row in await QueryAsync($"SELECT * FROM {table} ORDER BY id"))
        {
            writer.StartRow(schema, Op.Insert);
            writer.StartNewImage();
            foreach (string? cell in row)
            {
                if (cell is null) writer.Null();
                else writer.Value(Encoding.UTF8.GetBytes(cell));
            }
            writer.EndRow();
        }
        writer.Close();
        writer.Seal();
        ArrayBufferWriter<byte> output = new();
        foreach (RowBatch batch in writer.Completed) encoder.Encode(batch, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>Replaces the lines that the rebuilding functions read.</summary>
    public async Task LoadAsync(string lines)
    {
        await using NpgsqlConnection connection = await _cluster.OpenAsync(Database);
        await using (NpgsqlCommand clear = new("TRUNCATE cdc_rebuild.lines", connection)) await clear.ExecuteNonQueryAsync();
        await using TextWriter copy = await connection.BeginTextImportAsync(
            "COPY cdc_rebuild.lines(line) FROM STDIN WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')");
        await copy.WriteAsync(lines);
    }

    /// <summary>The shape of a table whose key is <c>id</c>, read by the source's own catalog.</summary>
    public async Task<TableSchema> SchemaAsync(string table)
    {
        IReadOnlyList<IReadOnlyList<string?>> columns = await QueryAsync(
            $"SELECT attname, atttypid, atttypmod FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 " +
            "AND NOT attisdropped ORDER BY attnum");
        TypeCatalog types = new();
        await using NpgsqlConnection connection = await _cluster.OpenAsync(Database);
        await types.LoadAsync(connection, columns.Select(static c => Oid(c[1]!)), TestContext.Current.CancellationToken);
        string[] name = table.Split('.');
        return new()
        {
            Id = new(1),
            Name = new(name[0], name[1]),
            Columns = [.. columns.Select(c => new Column(
                c[0]!, types.Get(Oid(c[1]!), int.Parse(c[2]!, CultureInfo.InvariantCulture)), c[0] == "id"))],
            Key = columns[0][0] == "id" ? [0] : [],
        };
    }

    static uint Oid(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
