namespace Cdc.EndToEnd.Tests.Target;

/// <summary>Tables and changes, each of which has once been wrong in something that copies rows.</summary>
static class TrickyRows
{
    /// <summary>In both databases.</summary>
    public const string Types = "CREATE EXTENSION citext; CREATE TYPE two AS (x int, y text); "
        + "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

    public static readonly string[] Names =
    [
        "keyed", "pair", "toast", "toast_full", "numbers", "floats", "words", "loose_words", "swap", "whole",
        "only_key", "blanks", "look_alike", "\"Odd\"\"Na'me\"", "deferred", "first", "second", "identity_index",
        "numbered", "numbered_key", "number_only",
    ];

    public const string Tables = """
        CREATE TABLE keyed (id int PRIMARY KEY, v text, n numeric);
        CREATE TABLE pair (a text, b int, v text, PRIMARY KEY (b, a));
        CREATE TABLE toast (id int PRIMARY KEY, body text, v text, other text);
        ALTER TABLE toast ALTER body SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL;
        CREATE TABLE toast_full (id int PRIMARY KEY, body text, v text);
        ALTER TABLE toast_full ALTER body SET STORAGE EXTERNAL;
        ALTER TABLE toast_full REPLICA IDENTITY FULL;
        CREATE TABLE numbers (k numeric PRIMARY KEY, v text);
        CREATE TABLE floats (k float8 PRIMARY KEY, v text);
        CREATE TABLE words (k citext PRIMARY KEY, v text);
        CREATE TABLE loose_words (k text COLLATE loose PRIMARY KEY, v text);
        CREATE TABLE swap (id int PRIMARY KEY, u int UNIQUE);
        CREATE TABLE whole (a int, b text, j json, f float8, n numeric, c char(5));
        ALTER TABLE whole REPLICA IDENTITY FULL;
        CREATE TABLE blanks (k bpchar PRIMARY KEY, v text);
        CREATE TABLE look_alike (a bpchar, b text COLLATE loose, c bool, d inet, e two);
        ALTER TABLE look_alike REPLICA IDENTITY FULL;
        CREATE TABLE only_key (a int, b text, PRIMARY KEY (a, b));
        CREATE TABLE "Odd""Na'me" ("Key ""k" text PRIMARY KEY, "v'v" text);
        CREATE TABLE deferred (id int PRIMARY KEY, u int UNIQUE DEFERRABLE INITIALLY DEFERRED);
        CREATE TABLE first (id int PRIMARY KEY);
        CREATE TABLE second (id int PRIMARY KEY REFERENCES first);
        CREATE TABLE identity_index (a int PRIMARY KEY, u text NOT NULL, v text);
        CREATE UNIQUE INDEX identity_index_u ON identity_index (u);
        ALTER TABLE identity_index REPLICA IDENTITY USING INDEX identity_index_u;
        CREATE TABLE numbered (id int PRIMARY KEY, no int GENERATED ALWAYS AS IDENTITY, v text);
        CREATE TABLE numbered_key (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text, v text);
        ALTER TABLE numbered_key ALTER body SET STORAGE EXTERNAL;
        CREATE TABLE number_only (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);

        """;

    const string Big = "(SELECT string_agg(md5(g::text), '') FROM generate_series(1, 300) g)";

    public const string Before = $"""
        INSERT INTO keyed SELECT i, 'v' || i, i / 7.0 FROM generate_series(1, 200) i;
        INSERT INTO pair SELECT chr(97 + i % 20), i, 'v' FROM generate_series(1, 100) i;
        INSERT INTO toast SELECT i, {Big}, 'v', {Big} FROM generate_series(1, 60) i;
        INSERT INTO toast_full SELECT i, {Big}, 'v' FROM generate_series(1, 30) i;
        INSERT INTO numbers SELECT i / 10.0, 'v' FROM generate_series(1, 40) i;
        INSERT INTO floats VALUES (0, 'zero'), (1.5, 'v'), ('NaN', 'nan');
        INSERT INTO words VALUES ('Abc', 'v'), ('def', 'v');
        INSERT INTO loose_words VALUES ('Abc', 'v'), ('def', 'v');
        INSERT INTO blanks SELECT 'k' || i, 'v' FROM generate_series(1, 40) i;
        INSERT INTO look_alike VALUES ('ab', 'x', true, '10.0.0.1'), ('ab ', 'x', true, '10.0.0.1'),
            ('c', 'Abc', NULL, NULL), ('c', 'ABC', NULL, NULL), ('d', NULL, NULL, NULL), ('d', '', NULL, NULL);
        INSERT INTO look_alike VALUES ('e', 'z', NULL, NULL, (NULL, NULL)), ('e', 'z', NULL, NULL, NULL);
        INSERT INTO swap SELECT i, i FROM generate_series(1, 40) i;
        INSERT INTO deferred SELECT i, i FROM generate_series(1, 40) i;
        INSERT INTO identity_index SELECT i, 'u' || i, 'v' FROM generate_series(1, 40) i;
        INSERT INTO first VALUES (1); INSERT INTO second VALUES (1);
        INSERT INTO numbered (id, v) SELECT i, 'v' FROM generate_series(1, 60) i;
        INSERT INTO numbered_key (body, v) SELECT {Big}, 'v' FROM generate_series(1, 60) i;
        INSERT INTO number_only SELECT FROM generate_series(1, 30);
        """;

    /// <summary>One transaction.</summary>
    public const string Changes = $"""
        UPDATE keyed SET v = v || 'x' WHERE id % 2 = 0; DELETE FROM keyed WHERE id % 5 = 0;
        INSERT INTO keyed SELECT i, 'again', 0 FROM generate_series(5, 50, 5) i;
        UPDATE keyed SET id = id + 1000 WHERE id BETWEEN 60 AND 90; UPDATE keyed SET v = NULL WHERE id > 1040;
        DELETE FROM keyed WHERE id IN (100, 1061);
        INSERT INTO keyed VALUES (7777, E'tab\t nl\n cr\r back\\ \\N ''q''', 'NaN');
        INSERT INTO keyed VALUES (8888, '\.', 1); UPDATE keyed SET id = 9999 WHERE id = 8888;
        DELETE FROM keyed WHERE id = 9999;
        UPDATE pair SET b = b + 1 WHERE a = 'c'; DELETE FROM pair WHERE a = 'd'; UPDATE pair SET v = 'w' WHERE b > 50;
        UPDATE toast SET v = 'w' WHERE id <= 30; UPDATE toast SET body = 'short' WHERE id IN (3, 4);
        UPDATE toast SET other = {Big} || 'x' WHERE id IN (4, 5);
        UPDATE toast SET v = 'z' WHERE id IN (4, 5, 6);
        UPDATE toast_full SET v = 'w'; UPDATE toast_full SET id = id + 100 WHERE id < 10;
        INSERT INTO toast VALUES (900, {Big} || 'new', 'v', 'o'); UPDATE toast SET v = 'new' WHERE id = 900;
        UPDATE toast SET id = 901 WHERE id = 900;
        UPDATE numbers SET k = k * 1.00, v = 'w' WHERE k < 2; DELETE FROM numbers WHERE k = 1.0;
        INSERT INTO numbers VALUES (1, 'one'); UPDATE numbers SET v = 'x';
        UPDATE floats SET k = -0.0::float8 WHERE k = 0; UPDATE floats SET v = 'w';
        UPDATE words SET k = 'ABC' WHERE k = 'abc'; UPDATE words SET v = 'w' WHERE k = 'abc';
        DELETE FROM words WHERE k = 'DEF';
        UPDATE loose_words SET k = 'ABC' WHERE k = 'abc'; UPDATE loose_words SET v = 'w';
        INSERT INTO whole SELECT i % 5, 'b', '[1, "a"]', i % 3, 1.0, 'ab' FROM generate_series(1, 30) i;
        INSERT INTO whole VALUES (NULL, NULL, NULL, '-0', 1.00, NULL), (NULL, NULL, NULL, '0', 1.0, NULL);
        UPDATE whole SET b = 'w' WHERE a = 2; DELETE FROM whole WHERE a = 3;
        DELETE FROM whole WHERE n = 1 AND f = 0 AND a IS NULL
            AND n::text = '1.0';
        UPDATE blanks SET k = k || '  ' WHERE v = 'v'; UPDATE blanks SET v = 'w' WHERE k < 'k3';
        DELETE FROM blanks WHERE k > 'k35'; INSERT INTO blanks VALUES ('k36', 'again');
        DELETE FROM look_alike WHERE octet_length(a) = 3 OR b COLLATE "C" = 'ABC' OR b = ''
            OR (a = 'e' AND e IS NOT DISTINCT FROM NULL);
        INSERT INTO only_key SELECT i, 'k' FROM generate_series(1, 30) i; UPDATE only_key SET b = 'l' WHERE a < 20;
        INSERT INTO "Odd""Na'me" SELECT 'k''"' || i, 'v' FROM generate_series(1, 30) i;
        UPDATE "Odd""Na'me" SET "v'v" = 'a''b\';
        UPDATE identity_index SET v = 'w'; UPDATE identity_index SET u = u || 'x' WHERE a < 10;
        DELETE FROM identity_index WHERE a = 20;
        UPDATE numbered SET v = 'w'; UPDATE numbered SET no = DEFAULT WHERE id < 20;
        UPDATE numbered_key SET body = body; UPDATE number_only SET id = DEFAULT WHERE id < 20;
        """;

    /// <summary>Each a transaction; the target may join them.</summary>
    public static readonly string[] Transactions =
    [
        // A unique value goes from row to row: as one statement the end is fine and the way is not.
        "UPDATE swap SET u = u + 1000; UPDATE swap SET u = 41 - id",
        "UPDATE deferred SET u = 41 - u",
        // A key with unchanged values that are not in the log.
        "UPDATE toast SET id = id + 500 WHERE id BETWEEN 10 AND 40",
        "TRUNCATE first, second; INSERT INTO first VALUES (2), (3); INSERT INTO second VALUES (3)",
        "TRUNCATE only_key; INSERT INTO only_key VALUES (1, 'after')",
        // Numbers that only an INSERT can set.
        "UPDATE numbered SET v = 'few', no = DEFAULT WHERE id = 3; UPDATE numbered SET v = 'few' WHERE id = 4",
        "UPDATE numbered_key SET id = DEFAULT WHERE id = 5; UPDATE number_only SET id = DEFAULT WHERE id = 7",
        "UPDATE numbered_key SET body = body WHERE id < 4",
        "UPDATE toast SET v = 'last' WHERE id > 500; DELETE FROM toast WHERE id BETWEEN 520 AND 525",
    ];
}
