using System.Runtime.CompilerServices;
using System.Text.Json;
using Cdc.Testing;
using Npgsql;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Rebuilds the application's tables from NDJSON lines with nothing but the page of SQL that the documentation gives
/// to readers, in a database of their own, and compares them with the source's.</summary>
static class Rebuilt
{
    /// <summary>Every line has a position of its own, lines of the stream are in order, and every table is equal row by row.</summary>
    public static async Task MustEqualAsync(PostgresCluster cluster, string source, IReadOnlyList<string> lines)
    {
        string copy = source + "_rebuilt";
        await cluster.CreateDatabaseAsync(copy);
        await using NpgsqlDataSource rebuilt = NpgsqlDataSource.Create(cluster.ConnectionStringFor(copy));
        await ExecuteAsync(rebuilt, "create schema shop");
        await ExecuteAsync(rebuilt, TestApplication.Tables);
        await ExecuteAsync(rebuilt, await File.ReadAllTextAsync(Page()));
        await LoadAsync(rebuilt, lines);
        await using NpgsqlDataSource original = NpgsqlDataSource.Create(cluster.ConnectionStringFor(source));
        foreach (string table in TestApplication.Compared)
        {
            await ExecuteAsync(rebuilt, $"select cdc_rebuild.rebuild('shop.{table}')");
            await CompareAsync(table, original, rebuilt);
        }
    }

    static async Task CompareAsync(string table, NpgsqlDataSource original, NpgsqlDataSource rebuilt)
    {
        Dictionary<string, int> rows = [];
        foreach (string row in await RowsAsync(original, table)) rows[row] = rows.GetValueOrDefault(row) + 1;
        Assert.True(rows.Count > 0 || table is "scratch" or "scratch_child" or "log", $"{table} is empty and proves nothing.");
        foreach (string row in await RowsAsync(rebuilt, table)) rows[row] = rows.GetValueOrDefault(row) - 1;
        int missing = rows.Values.Where(static n => n > 0).Sum(), doubled = -rows.Values.Where(static n => n < 0).Sum();
        Assert.True(missing == 0 && doubled == 0, $"{table}: {missing} rows are missing, {doubled} are too many.");
    }

    static async Task<List<string>> RowsAsync(NpgsqlDataSource database, string table)
    {
        List<string> rows = [];
        await using NpgsqlCommand command = database.CreateCommand($"select t::text from shop.{table} t");
        await using NpgsqlDataReader found = await command.ExecuteReaderAsync();
        while (await found.ReadAsync()) rows.Add(found.GetString(0));
        return rows;
    }

    static async Task LoadAsync(NpgsqlDataSource database, IReadOnlyList<string> lines)
    {
        HashSet<string> seen = [];
        string last = "";
        await using NpgsqlConnection connection = await database.OpenConnectionAsync();
        await using TextWriter copy = await connection.BeginTextImportAsync("copy cdc_rebuild.lines (line) from stdin");
        foreach (string line in lines)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            string pos = json.RootElement.GetProperty("pos").GetString()!;
            string op = json.RootElement.GetProperty("op").GetString()!;
            if (op != "checkpoint") Assert.True(seen.Add(pos), $"Two lines have the position {pos}.");
            if (op is not ("r" or "checkpoint"))
            {
                Assert.True(string.CompareOrdinal(last, pos) < 0, $"{pos} comes after {last}.");
                last = pos;
            }
            await copy.WriteAsync(line.Replace("\\", "\\\\", StringComparison.Ordinal) + "\n");
        }
    }

    static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }

    static string Page([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "rebuild.sql"));
}
