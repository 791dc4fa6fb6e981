namespace Cdc.Conformance.Tests.Formats;

/// <summary>Every type of a stock server, and those that a user makes, with values at their edges.</summary>
static class TypeValues
{
    /// <summary>Run before the tables are made.</summary>
    public const string UserTypes = """
        CREATE SCHEMA types;
        CREATE TYPE types.mood AS ENUM ('sad', 'very "happy"', 'a,b');
        CREATE DOMAIN types.small AS integer CHECK (VALUE < 1000);
        CREATE DOMAIN types.many AS integer[];
        CREATE DOMAIN types.doc AS jsonb;
        CREATE TYPE types.pair AS (a integer, b text);
        CREATE TYPE types.nest AS (p types.pair, list types.pair[], j jsonb, t timestamptz, n numeric, f float8[]);
        CREATE TYPE types.cut AS (a integer, gone text, b date);
        ALTER TYPE types.cut DROP ATTRIBUTE gone;
        CREATE DOMAIN types.paired AS types.pair;
        CREATE TYPE types.floats AS RANGE (subtype = float8);
        """;

    /// <summary>A type, and its values as SQL.</summary>
    public static readonly (string Type, string[] Values)[] All =
    [
        ("boolean", ["true", "false"]),
        ("smallint", ["-32768", "32767"]),
        ("integer", ["-2147483648", "2147483647", "0"]),
        ("bigint", ["-9223372036854775808", "9223372036854775807"]),
        ("oid", ["4294967295", "0"]),
        ("real", ["1.5", "3.4028235e38", "1e-45", "'-0'", "'NaN'", "'Infinity'", "'-Infinity'"]),
        ("double precision", ["0.1", "1.7976931348623157e308", "5e-324", "'-0'", "'NaN'", "'Infinity'", "'-Infinity'"]),
        ("numeric", ["1.00", "-0.000001", "1e100", "'NaN'", "'Infinity'", "'-Infinity'"]),
        ("numeric(12,3)", ["123456789.125", "0"]),
        ("money", ["1234567.89", "-0.01"]),
        ("text", ["''", "E'quote \" back \\\\ tab \\t nl \\n cr \\r bell \\x07 del \\x7f'", "'Grüße 東京 🐘'", "'null'", "'{1}'"]),
        ("varchar(20)", ["'abc  '"]),
        ("char(6)", ["'abc'"]),
        ("\"char\"", ["'x'", "''"]),
        ("name", ["'some name'"]),
        ("bytea", ["''", "'\\x00ff5c22'"]),
        ("date", ["'2026-11-20'", "'0044-03-15 BC'", "'12026-01-01'", "'infinity'", "'-infinity'", "'4713-01-01 BC'"]),
        ("time", ["'00:00'", "'22:57:03.123456'", "'24:00'"]),
        ("time(3)", ["'22:57:03.123456'"]),
        ("timetz", ["'22:57:03.12+05:30'", "'00:30+01'", "'24:00:00-15:59:59'"]),
        ("timestamp", ["'2026-11-20 22:57:03.123456'", "'0001-01-01'", "'4713-01-01 BC'", "'294276-12-31 23:59:59.999999'", "'infinity'", "'-infinity'"]),
        ("timestamp(0)", ["'2026-11-20 22:57:03.9'"]),
        ("timestamptz", ["'2026-11-20 22:57:03.1+03'", "'0044-03-15 12:00:00+00 BC'", "'12026-01-01 UTC'", "'infinity'", "'-infinity'"]),
        ("interval", ["'1 year 2 mons -3 days 04:05:06.789'", "'-00:00:01.5'", "'0'", "'-178000000 years'"]),
        ("uuid", ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]),
        ("json", ["'{\"a\":1, \"b\" : [1.50, null]}'", "'\"text\\u0041\"'", "'null'", "'1e400'", "'[]'", "'[null]'", "' true '"]),
        ("jsonb", ["'{\"a\": null}'", "'\"q\\\" é\"'", "'null'", "'12.50'", "'[1,[2]]'"]),
        ("xml", ["'<a b=\"c\">d &amp; e</a>'"]),
        ("bit(1)", ["B'1'"]),
        ("bit(12)", ["B'100000000001'"]),
        ("varbit", ["B''", "B'101'"]),
        ("types.mood", ["'sad'", "'very \"happy\"'"]),
        ("int4range", ["'[1,5)'", "'empty'", "'(,)'"]),
        ("int8range", ["'[1,5)'"]),
        ("numrange", ["'[1.10,5)'"]),
        ("tsrange", ["'[2026-01-01,infinity]'"]),
        ("tstzrange", ["'[2026-01-01 00:00+00,)'"]),
        ("daterange", ["'[2026-01-01,2026-02-01)'"]),
        ("types.floats", ["'[-0,0.1]'", "'[1,Infinity]'"]),
        ("int4multirange", ["'{[1,5),[7,9)}'", "'{}'"]),
        ("datemultirange", ["'{[2026-01-01,2026-02-01)}'"]),
        ("inet", ["'192.168.0.1/24'", "'::1'"]),
        ("cidr", ["'10.0.0.0/8'"]),
        ("macaddr", ["'08:00:2b:01:02:03'"]),
        ("macaddr8", ["'08:00:2b:01:02:03:04:05'"]),
        ("point", ["'(1.5,-2)'", "'(NaN,Infinity)'"]),
        ("line", ["'{1,2,3}'"]),
        ("lseg", ["'[(0,0),(1,1)]'"]),
        ("box", ["'(2,2),(1,1)'"]),
        ("path", ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"]),
        ("polygon", ["'((0,0),(1,1),(1,0))'"]),
        ("circle", ["'<(1,2),3>'"]),
        ("tsvector", ["'''a b'':1A,2 c'"]),
        ("tsquery", ["'a & !b | ''c d''':: tsquery"]),
        ("pg_lsn", ["'16/B374D848'"]),
        ("pg_snapshot", ["'10:20:10,14,15'"]),
        ("txid_snapshot", ["'10:20:10,14,15'"]),
        ("jsonpath", ["'$.\"a\"[*] ? (@ > 1)'"]),
        ("xid", ["'4294967295'"]),
        ("xid8", ["'18446744073709551615'"]),
        ("cid", ["'7'"]),
        ("tid", ["'(1,2)'"]),
        ("int2vector", ["'1 2 3'"]),
        ("oidvector", ["'1 2 3'"]),
        ("regclass", ["'pg_class'"]),
        ("regtype", ["'integer'"]),
        ("regproc", ["'now'"]),
        ("types.small", ["999"]),
        ("types.many", ["'{1,NULL}'", "'{{1,2},{3,4}}'"]),
        ("types.doc", ["'{\"a\": 1}'", "'null'"]),
        ("types.paired", ["ROW(1,'x')"]),
        ("types.pair", ["ROW(1,'a b')", "ROW(NULL,NULL)", "ROW(1,'')", "ROW(2,E'q \" \\\\ (,)')"]),
        ("types.cut", ["ROW(1,'2026-11-20')", "ROW(NULL,'infinity')"]),
        ("types.nest", [
            "ROW(ROW(1,'a \"b'), ARRAY[ROW(2,'c,d')::types.pair, NULL], '{\"k\": [1]}', '2026-11-20 22:57:03+00', 1.50, '{1,-0,NaN}')",
            "ROW(NULL, '{}', NULL, NULL, NULL, NULL)",
            "ROW(ROW(1,NULL), NULL, 'null', 'infinity', 'NaN', '[0:1]={1,2}')",
            "ROW(NULL, NULL, '[1,2]', NULL, NULL, NULL)"]),
        ("integer[]", ["'{}'", "'{1,NULL,-3}'", "'{{1,2},{3,4}}'", "'[0:1]={1,2}'", "'{{{1}},{{2}}}'", "'[-1:0][2:3]={{1,2},{3,4}}'"]),
        ("text[]", ["E'{a,\"b c\",\"\",\"NULL\",NULL,\"q \\\\\" \\\\\\\\ {}\",é}'", "ARRAY[E'line\\nbreak', ',']"]),
        ("numeric[]", ["'{1.10,NaN,NULL}'"]),
        ("boolean[]", ["'{t,f,NULL}'"]),
        ("float8[]", ["'{1.5,-0,Infinity,NaN}'"]),
        ("bytea[]", ["ARRAY['\\x00ff'::bytea, '']"]),
        ("timestamp[]", ["'{2026-11-20 22:57:03.123,infinity,0044-03-15 BC}'"]),
        ("timestamptz[]", ["'{2026-11-20 22:57:03.123+00,-infinity}'"]),
        ("date[]", ["'{2026-11-20,infinity}'"]),
        ("uuid[]", ["'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'"]),
        ("json[]", ["ARRAY['{\"a\": 1}'::json, '2', NULL]", "ARRAY['null'::json]", "ARRAY['[1,2]'::json, '{}']", "ARRAY['1'::json, '[2]']"]),
        ("jsonb[]", ["ARRAY['{\"a\": 1}'::jsonb, '\"s\"', NULL]", "ARRAY['null'::jsonb]", "ARRAY['[1,2]'::jsonb]"]),
        ("box[]", ["ARRAY['(1,1),(0,0)'::box, '(2,2),(1,1)']"]),
        ("inet[]", ["'{10.0.0.1,::1}'"]),
        ("int4range[]", ["ARRAY['[1,5)'::int4range, 'empty']"]),
        ("int4multirange[]", ["ARRAY['{[1,5)}'::int4multirange]"]),
        ("interval[]", ["'{1 day,-00:00:01}'"]),
        ("money[]", ["'{\"$1,234.50\"}'"]),
        ("varchar(5)[]", ["'{ab,\"c d\"}'"]),
        ("char(4)[]", ["'{ab}'"]),
        ("bit(3)[]", ["'{101}'"]),
        ("types.mood[]", ["ARRAY['very \"happy\"'::types.mood, 'a,b', NULL]"]),
        ("types.small[]", ["'{1,2}'"]),
        ("types.many[]", ["'{\"{1,2}\",\"{3}\"}'"]),
        ("types.pair[]", ["ARRAY[ROW(1,'a b')::types.pair, NULL, ROW(NULL,NULL)::types.pair]"]),
        ("types.nest[]", ["ARRAY[ROW(ROW(1,'x'), ARRAY[ROW(2,'y')::types.pair], '{}', NULL, 1.0, '{}')::types.nest]"]),
    ];
}
