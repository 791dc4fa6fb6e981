using System.Globalization;
using Cdc.Conformance.Tests.Formats;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Tables that hold every type of a stock server, as plain columns, as keys, and as whole rows that are told
/// apart by nothing else; and what happens to their rows.</summary>
sealed class TypeTables(int seed)
{
    public const int Rows = 60;

    const string Extensions = "ext";

    /// <summary>Extensions are the target's own.</summary>
    public const string Both =
        $"CREATE SCHEMA {Extensions}; CREATE EXTENSION hstore SCHEMA {Extensions}; "
        + $"CREATE EXTENSION citext SCHEMA {Extensions}; CREATE EXTENSION ltree SCHEMA {Extensions}; "
        + $"CREATE EXTENSION cube SCHEMA {Extensions}";

    // Literals are read under these, whatever the database's own are.
    public const string Pinned =
        "SET DateStyle = 'ISO, MDY'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; SET lc_monetary = 'C'; "
        + "SET bytea_output = 'hex'; SET extra_float_digits = 3; SET array_nulls = on; SET xmloption = content; "
        + "SET quote_all_identifiers = off; SET search_path = pg_catalog; "
        + "SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed'; ";

    public static readonly (string Type, string[] Values)[] Types =
    [
        .. TypeValues.All,
        ($"{Extensions}.hstore", ["'a=>1, \"b c\"=>NULL, \"q\\\"\"=>\"\\\\\"'", "''"]),
        ($"{Extensions}.citext", ["'Case'", "'case'", "'ÄÖ'", "''"]),
        ($"{Extensions}.ltree", ["'Top.Science'", "''"]),
        ($"{Extensions}.cube", ["'(1.5, 2), (3, 4)'"]),
        ($"{Extensions}.citext[]", [$"ARRAY['A,b', NULL]::{Extensions}.citext[]"]),
        ("regnamespace", ["'pg_catalog'"]),
        ("regrole", ["'postgres'"]),
        ("regconfig", ["'english'"]),
        ("regoperator", ["'+(integer,integer)'"]),
        ("regprocedure", ["'lower(text)'"]),
        ("refcursor", ["'cursor \"1\"'"]),
        ("bpchar", ["'ab  '", "''"]),
        ("\"char\"[]", ["ARRAY['a', '\\', '\"']::\"char\"[]"]),
        ("name[]", ["'{a,\"b c\"}'"]),
        ("xml", ["'no document <b/>'", "'<a/>'"]),
        ("text[]", ["'{a,NULL,\"NULL\"}'"]),
        ("xml[]", ["ARRAY['<a/>'::xml, '<b c=\"d\"/>']"]),
        ("tsvector[]", ["ARRAY['a:1'::tsvector]"]),
        ("time[]", ["'{24:00,00:00:00.000001}'"]),
        ("timetz[]", ["'{22:57:03.12+05:30}'"]),
        ("types.floats[]", ["ARRAY['[-0,0.1]'::types.floats]"]),
        ("numeric(20,5)", ["1.5", "'NaN'", "-99999999999999.99999"]),
        ("interval second(2)", ["'1.239'"]),
        ("text COLLATE \"C\"", ["'a'", "'B'", "'ä'"]),
    ];

    // Whatever a text can hold that something on its way could take for its own.
    static readonly string[] s_oddTexts =
    [
        "''", "' '", "'a '", "'a'", "'A'", "'NULL'", "'\\N'", "'\\.'", "'{}'", "'\"'", "''''", "'\\'", "'\\\\'",
        "E'\\t'", "E'\\n'", "E'\\r\\n'", "E'\\x01'", "E'\\x7f'", "'é'", "U&'e\\0301'", "'ß'", "'ss'", "'🐘'", "'$1'",
        "'$q$'", "'a,b'", "'(a)'", "'%'", "U&'\\FEFF'", "U&'\\00A0'",
    ];

    static readonly string[] s_textTypes =
        ["text", "varchar(9)", "char(9)", "text COLLATE \"C\"", $"{Extensions}.citext", "name", "bytea"];

    readonly Random _random = new(seed);

    /// <summary>Types that can be a key, by their number.</summary>
    readonly List<int> _keys = [];

    public static string Columns => string.Join(", ", Types.Select(static (_, i) => $"c{i}"));

    public IEnumerable<string> Names =>
    [
        "types.every", .. _keys.Select(static i => $"types.k{i}"), .. Types.Select(static (_, i) => $"types.f{i}"),
        .. s_textTypes.Select(static (_, i) => $"types.o{i}"),
    ];

    /// <summary>Makes the tables, each statement by itself: not every type can be a key.</summary>
    /// <param name="tryAsync">Runs a statement; false if the server refuses it.</param>
    public async Task MakeAsync(Func<string, Task<bool>> tryAsync)
    {
        Assert.True(await tryAsync(TypeValues.UserTypes));
        string columns = string.Join(", ", Types.Select(static (t, i) => $"c{i} {t.Type}"));
        Assert.True(await tryAsync($"CREATE TABLE types.every (id int PRIMARY KEY, {columns})"));
        for (int i = 0; i < Types.Length; i++)
        {
            string type = Types[i].Type;
            Assert.True(await tryAsync($"CREATE TABLE types.f{i} (v {type}, n int); "
                + $"ALTER TABLE types.f{i} REPLICA IDENTITY FULL"), type);
            // What holds json can be made a key and then not compared.
            string value = $"({Types[i].Values[0]})::{Plain(type)}";
            if (await tryAsync($"SELECT {value} = {value}; CREATE TABLE types.k{i} (k {type} PRIMARY KEY, v text)"))
                _keys.Add(i);
        }
        for (int i = 0; i < s_textTypes.Length; i++)
            Assert.True(await tryAsync($"CREATE TABLE types.o{i} (k {s_textTypes[i]} PRIMARY KEY, v int)"));
    }

    /// <summary>What is there before the copy.</summary>
    public IEnumerable<string> Before()
    {
        for (int id = 0; id < Rows; id++) yield return Row(id);
        for (int i = 0; i < Types.Length; i++)
        {
            foreach (string value in Types[i].Values)
                yield return $"INSERT INTO types.f{i} VALUES ({value}, 1), ({value}, 1), ({value}, NULL)";
            yield return $"INSERT INTO types.f{i} VALUES (NULL, 2)";
        }
        foreach (int i in _keys) yield return $"INSERT INTO types.k{i} VALUES ({Types[i].Values[0]}, 'copied')";
        for (int i = 0; i < s_textTypes.Length; i++) yield return $"INSERT INTO types.o{i} VALUES ('first', 1)";
    }

    /// <summary>Transactions behind it.</summary>
    public IEnumerable<string> After()
    {
        yield return string.Join("; ", Enumerable.Range(Rows, Rows).Select(Row));
        string set = string.Join(", ", Types.Select(static (_, i) => $"c{i} = s.c{i}"));
        yield return $"UPDATE types.every t SET {set} FROM types.every s WHERE s.id = (t.id + 7) % {2 * Rows}";
        yield return string.Join("; ", Types.Select(static (t, i) =>
            $"UPDATE types.every SET c{i} = NULL WHERE id = {i % (2 * Rows)}; "
            + $"UPDATE types.every SET c{i} = {t.Values[^1]} WHERE id = {(i + 11) % (2 * Rows)}"));
        yield return "DELETE FROM types.every WHERE id % 10 = 3; UPDATE types.every SET id = id + 500 WHERE id % 10 = 4";
        yield return "UPDATE types.every SET c2 = 7 WHERE id = 5";
        foreach (int i in _keys) foreach (string statements in Key(i)) yield return statements;
        for (int i = 0; i < Types.Length; i++)
        {
            yield return $"UPDATE types.f{i} SET n = n + 1";
            yield return $"DELETE FROM types.f{i} WHERE ctid = (SELECT min(ctid) FROM types.f{i})";
            yield return $"UPDATE types.f{i} SET v = NULL WHERE ctid = (SELECT max(ctid) FROM types.f{i})";
        }
        for (int i = 0; i < s_textTypes.Length; i++) foreach (string statements in Odd(i)) yield return statements;
    }

    string Row(int id)
    {
        IEnumerable<string> values = Types.Select(t =>
            _random.Next(7) == 0 ? "NULL" : t.Values[_random.Next(t.Values.Length)]);
        return string.Create(CultureInfo.InvariantCulture,
            $"INSERT INTO types.every VALUES ({id}, {string.Join(", ", values)})");
    }

    // Few changes go one by one, many through a stage; both with every type.
    static IEnumerable<string> Key(int i)
    {
        string[] values = Types[i].Values;
        string type = Plain(Types[i].Type);
        foreach (string value in values)
            yield return $"INSERT INTO types.k{i} VALUES ({value}, 'new') ON CONFLICT DO NOTHING";
        yield return $"UPDATE types.k{i} SET v = 'few'";
        yield return string.Join("; ", Enumerable.Range(0, 15).Select(n => $"UPDATE types.k{i} SET v = 'many {n}'"));
        (string first, string last) = ($"({values[0]})::{type}", $"({values[^1]})::{type}");
        yield return $"DELETE FROM types.k{i} WHERE k = {last}; UPDATE types.k{i} SET k = {last}, v = 'moved' "
            + $"WHERE k = {first}; UPDATE types.k{i} SET v = v || '!'";
        yield return string.Join("; ", Enumerable.Range(0, 15).Select(n =>
            $"DELETE FROM types.k{i} WHERE k = {last}; INSERT INTO types.k{i} VALUES ({last}, 'again {n}')"));
    }

    static string Plain(string type) => type.Replace(" COLLATE \"C\"", "", StringComparison.Ordinal);

    static IEnumerable<string> Odd(int i)
    {
        string[] texts = s_textTypes[i] == "bytea"
            ? [.. s_oddTexts.Select(static text => $"convert_to({text}, 'UTF8')")]
            : s_oddTexts;
        foreach (string text in texts)
            yield return $"INSERT INTO types.o{i} VALUES ({text}, 1) ON CONFLICT DO NOTHING";
        yield return $"UPDATE types.o{i} SET v = v + 1";
        bool isBinary = s_textTypes[i] == "bytea";
        yield return $"UPDATE types.o{i} SET k = {(isBinary ? "k || 'x'::bytea" : "k::text || 'x'")}";
        yield return $"DELETE FROM types.o{i} WHERE ctid IN (SELECT ctid FROM types.o{i} ORDER BY ctid LIMIT 14)";
        yield return $"UPDATE types.o{i} SET v = -v WHERE ctid IN (SELECT ctid FROM types.o{i} ORDER BY ctid LIMIT 3)";
    }
}
