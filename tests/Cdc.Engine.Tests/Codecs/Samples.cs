using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Codecs;

/// <summary>Tables and values of every type, as the server prints them.</summary>
static class Samples
{
    static readonly ColumnType Int4 = new(TypeKind.Int32, "int4");
    static readonly ColumnType Text = new(TypeKind.Text, "text");
    static readonly ColumnType Jsonb = new(TypeKind.Json, "jsonb");

    public static TableSchema Orders { get; } = new()
    {
        Id = new(7),
        Name = new("public", "orders"),
        Columns = [new("id", new(TypeKind.Int64, "int8"), true), new("body", Text), new("amount", new(TypeKind.Numeric, "numeric"))],
        Key = [0],
    };

    /// <summary>A key of two columns that do not come first, in another order than the columns.</summary>
    public static TableSchema Lines { get; } = new()
    {
        Id = new(8),
        Name = new("shop", "line \"items\""),
        Columns = [new("note", Text), new("order", Int4, true), new("line", Int4, true), new("tags", ArrayOf(Text))],
        Key = [2, 1],
    };

    public static TableSchema Log { get; } = new()
    {
        Id = new(9),
        Name = new("public", "log"),
        Columns = [new("line", Text, true), new("data", Jsonb, true)],
        Identity = ReplicaIdentity.Full,
    };

    public static TableSchema Nothing { get; } = new() { Id = new(10), Name = new("public", "nothing"), Columns = [] };

    public static ColumnType ArrayOf(ColumnType element, int modifier = -1) =>
        new(TypeKind.Array, "_" + element.Name, Modifier: modifier) { Element = element };

    public static TableSchema TableOf(ColumnType type) => new()
    {
        Id = new(100),
        Name = new("types", type.Name),
        Columns = [new("v", type)],
    };

    static readonly ColumnType Pair = new(TypeKind.Composite, "shop.pair") { Fields = [new("a", Int4), new("b", Text)] };

    static readonly ColumnType Nest = new(TypeKind.Composite, "shop.nest")
    {
        Fields = [new("p", Pair), new("list", ArrayOf(Pair)), new("j", Jsonb)],
    };

    /// <summary>Each type with the values that its rendering could get wrong.</summary>
    public static IEnumerable<(ColumnType Type, string[] Values)> Types =>
    [
        (new(TypeKind.Boolean, "bool"), ["t", "f"]),
        (new(TypeKind.Int16, "int2"), ["0", "-32768"]),
        (Int4, ["2147483647", "-1"]),
        (new(TypeKind.Int64, "int8"), ["9223372036854775807", "-9223372036854775808"]),
        (new(TypeKind.Oid, "oid"), ["4294967295"]),
        (new(TypeKind.Float32, "float4"), ["1.5", "1e+10", "NaN", "-0"]),
        (new(TypeKind.Float64, "float8"), ["0.1", "1.7976931348623157e+308", "5e-324", "-0", "NaN", "Infinity", "-Infinity"]),
        (new(TypeKind.Numeric, "numeric"), ["1.00", "-0.000001", "123456789012345678901234567890", "NaN", "Infinity", "-Infinity"]),
        (new(TypeKind.Money, "money"), ["$1,234.50", "-$0.01", "$0.00"]),
        (Text, ["", "plain", "quote \" back \\ tab \t line \n bell \a del \u007f", "Grüße 東京 🐘", "{1,2}", "null"]),
        (new(TypeKind.Text, "bpchar", Modifier: 9), ["ab   "]),
        (new(TypeKind.Binary, "bytea"), ["\\x", "\\xdeadbeef00"]),
        (new(TypeKind.Date, "date"), ["2026-11-20", "0044-03-15 BC", "1970-01-01", "12026-01-01", "infinity", "-infinity"]),
        (new(TypeKind.Time, "time"), ["00:00:00", "22:57:03.123456", "24:00:00"]),
        (new(TypeKind.Time, "time(3)", Modifier: 3), ["22:57:03.123"]),
        (new(TypeKind.TimeTz, "timetz"), ["22:57:03.12+05:30", "00:30:00+01", "23:30:00-01:30:15", "24:00:00+00"]),
        (new(TypeKind.Timestamp, "timestamp"), [
            "2026-11-20 22:57:03.123456", "2026-11-20 22:57:03", "0001-01-01 00:00:00", "4713-01-01 00:00:00 BC",
            "294276-12-31 23:59:59.999999", "infinity", "-infinity"]),
        (new(TypeKind.Timestamp, "timestamp(3)", Modifier: 3), ["2026-11-20 22:57:03.123", "1969-12-31 23:59:59.999", "infinity"]),
        (new(TypeKind.TimestampTz, "timestamptz"), [
            "2026-11-20 22:57:03.123456+00", "2026-11-20 22:57:03.1+00", "0044-03-15 12:00:00+00 BC",
            "12026-01-01 00:00:00+00", "infinity", "-infinity"]),
        (new(TypeKind.TimestampTz, "timestamptz(0)", Modifier: 0), ["2026-11-20 22:57:03+00"]),
        (new(TypeKind.Interval, "interval"), [
            "1 year 2 mons 3 days 04:05:06.789", "-1 years +2 mons -3 days +04:05:06", "00:00:00", "-00:00:01.5", "1 mon"]),
        (new(TypeKind.Uuid, "uuid"), ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        (new(TypeKind.Json, "json"), ["{\"a\":1,\n  \"b\":[1,2]}", "\"text\"", "null", "12.50", "[]"]),
        (Jsonb, ["{\"a\": null}", "null", "\"\\u2028 \\\" é\""]),
        (new(TypeKind.Xml, "xml"), ["<a b=\"c\">d</a>"]),
        (new(TypeKind.Bit, "bit", Modifier: 1), ["1", "0"]),
        (new(TypeKind.Bit, "bit(12)", Modifier: 12), ["000000000000", "100000000001"]),
        (new(TypeKind.Bit, "varbit"), ["", "101"]),
        (new(TypeKind.Enum, "shop.mood"), ["sad", "very \"happy\""]),
        (new(TypeKind.Range, "int4range"), ["[1,5)", "empty", "(,)"]),
        (new(TypeKind.Multirange, "int4multirange"), ["{[1,5),[7,9)}"]),
        (new(TypeKind.Network, "inet"), ["192.168.0.1/24", "::1"]),
        (new(TypeKind.Hstore, "hstore"), ["", "\"a\"=>\"1\", \"b \\\" c\"=>NULL, \"d\"=>\"x \\\\ y\"", "no hstore"]),
        (new(TypeKind.Other, "point"), ["(1.5,-2)", "(NaN,1)"]),
        (new(TypeKind.Other, "tsvector"), ["'a':1 'b':2A"]),
        (new(TypeKind.Other, "pg_lsn"), ["0/16B3748"]),
        (ArrayOf(Int4), ["{}", "{1,NULL,-3}", "{{1,2},{3,4}}", "[0:1]={1,2}", "{1", "{1,2}}"]),
        (ArrayOf(Text), ["{a,\"b c\",\"\",\"NULL\",NULL,\"q \\\" \\\\ {}\",é}"]),
        (ArrayOf(new(TypeKind.Numeric, "numeric")), ["{1.10,NaN}"]),
        (ArrayOf(new(TypeKind.Boolean, "bool")), ["{t,f,NULL}"]),
        (ArrayOf(new(TypeKind.Float64, "float8")), ["{1.5,-0,Infinity}"]),
        (ArrayOf(new(TypeKind.Binary, "bytea")), ["{\"\\\\x00ff\"}"]),
        (ArrayOf(new(TypeKind.Timestamp, "timestamp"), 3), ["{\"2026-11-20 22:57:03.123\",infinity}"]),
        (ArrayOf(new(TypeKind.TimestampTz, "timestamptz")), ["{\"2026-11-20 22:57:03.123456+00\"}"]),
        (ArrayOf(new(TypeKind.Date, "date")), ["{2026-11-20,infinity}"]),
        (ArrayOf(new(TypeKind.Uuid, "uuid")), ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"]),
        (ArrayOf(Jsonb), ["{\"{\\\"a\\\": 1}\",2,NULL}", "{\"null\"}", "{\"[1, 2]\"}"]),
        (ArrayOf(new(TypeKind.Other, "box") { Delimiter = ';' }), ["{(1,1),(0,0);(2,2),(1,1)}"]),
        (Pair, ["(1,\"a b\")", "(,)", "(1,\"\")", "(2,\"q \"\" \\\\ (,)\")", "(1)", "(1,2,3)", "(1,"]),
        (ArrayOf(Pair), ["{\"(1,\\\"a b\\\")\",NULL,\"(,)\"}"]),
        (Nest, [
            "(\"(1,\"\"a b\"\")\",\"{\"\"(2,\\\\\"\"c d\\\\\"\")\"\",NULL}\",\"{\"\"k\"\": 1}\")", "(,,)", "(,,null)"]),
    ];
}
