using System.Text.Json;
using Npgsql;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Rebuilds the application's tables from NDJSON lines, with SQL only, and compares them with the source's.</summary>
static class Rebuilt
{
    /// <summary>Every line has a position of its own, rows of the stream are in order, and every table is equal row by row.</summary>
    public static async Task MustEqualSourceAsync(IEnumerable<string> lines, string connectionString)
    {
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync();
        await LoadAsync(connection, lines);
        foreach (string table in TestApplication.Compared)
        {
            await ExecuteAsync(connection, RebuildPage.For(table));
            string difference = $"""
                select (select count(*) from (select t::text from shop.{table} t except all select r::text from rebuilt.{table} r) x),
                       (select count(*) from (select r::text from rebuilt.{table} r except all select t::text from shop.{table} t) x)
                """;
            await using NpgsqlCommand compare = new(difference, connection) { CommandTimeout = 120 };
            await using NpgsqlDataReader found = await compare.ExecuteReaderAsync();
            Assert.True(await found.ReadAsync());
            Assert.True(found.GetInt64(0) == 0 && found.GetInt64(1) == 0,
                $"{table}: {found.GetInt64(0)} rows are missing, {found.GetInt64(1)} are too many.");
        }
    }

    static async Task LoadAsync(NpgsqlConnection connection, IEnumerable<string> lines)
    {
        await ExecuteAsync(connection, "drop schema if exists rebuilt cascade; create schema rebuilt; create table rebuilt.line (n bigint, line json)");
        HashSet<string> seen = [];
        string last = "";
        await using (TextWriter copy = await connection.BeginTextImportAsync("copy rebuilt.line from stdin"))
        {
            long n = 0;
            foreach (string line in lines)
            {
                (string pos, string op) = Head(line);
                if (op == "checkpoint") continue;
                Assert.True(seen.Add(pos), $"Two lines have the position {pos}.");
                if (op != "r")
                {
                    Assert.True(string.CompareOrdinal(last, pos) < 0, $"{pos} comes after {last}.");
                    last = pos;
                }
                await copy.WriteAsync($"{n++}\t{line.Replace("\\", "\\\\", StringComparison.Ordinal)}\n");
            }
        }
        await ExecuteAsync(connection, "create index on rebuilt.line ((line->>'table')); analyze rebuilt.line");
    }

    static (string Pos, string Op) Head(string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        return (json.RootElement.GetProperty("pos").GetString()!, json.RootElement.GetProperty("op").GetString()!);
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }
}
