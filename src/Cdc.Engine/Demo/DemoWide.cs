using System.Collections.Immutable;
using System.Globalization;
using System.Text.Unicode;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Demo;

/// <summary>Rows of thirty columns of many types, one of them large and often not sent because it did not
/// change.</summary>
sealed class DemoWide
{
    const int RowsMax = 1000;
    const int BodyBytesMax = 8000;

    static readonly ColumnType Text = new(TypeKind.Text, "text", 25);
    static readonly ColumnType Int4 = new(TypeKind.Int32, "int4", 23);

    readonly List<WideRow> _rows = [];

    public static ImmutableArray<Column> Columns { get; } =
    [
        new("id", new(TypeKind.Int64, "int8", 20), true), new("body", Text),
        new("small", new(TypeKind.Int16, "int2", 21)),
        new("medium", Int4), new("ratio", new(TypeKind.Float32, "float4", 700)),
        new("precise", new(TypeKind.Float64, "float8", 701)),
        new("price", new(TypeKind.Numeric, "numeric", 1700, 786438)),
        new("exact", new(TypeKind.Numeric, "numeric", 1700)), new("flag", new(TypeKind.Boolean, "bool", 16)),
        new("name", Text), new("code", new(TypeKind.Text, "varchar", 1043, 24)),
        new("fixed", new(TypeKind.Text, "bpchar", 1042, 12)), new("data", new(TypeKind.Binary, "bytea", 17)),
        new("day", new(TypeKind.Date, "date", 1082)), new("clock", new(TypeKind.Time, "time", 1083)),
        new("clock_tz", new(TypeKind.TimeTz, "timetz", 1266)), new("stamp", new(TypeKind.Timestamp, "timestamp", 1114)),
        new("stamp_tz", new(TypeKind.TimestampTz, "timestamptz", 1184)),
        new("span", new(TypeKind.Interval, "interval", 1186)), new("uid", new(TypeKind.Uuid, "uuid", 2950)),
        new("raw", new(TypeKind.Json, "json", 114)), new("doc", new(TypeKind.Json, "jsonb", 3802)),
        new("markup", new(TypeKind.Xml, "xml", 142)), new("bits", new(TypeKind.Bit, "bit", 1560, 8)),
        new("mood", new(TypeKind.Enum, "demo.mood", 16501)),
        new("tags", new(TypeKind.Array, "text[]", 1009) { Element = Text }),
        new("matrix", new(TypeKind.Array, "int4[]", 1007) { Element = Int4 }),
        new("span_of", new(TypeKind.Range, "int4range", 3904) { Element = Int4 }),
        new("address", new(TypeKind.Network, "inet", 869)),
        new("pair", new(TypeKind.Composite, "demo.pair", 16502) { Fields = [new("a", Int4), new("b", Text)] }),
    ];

    public void Change(ref DemoRandom random, DemoTables tables, DemoOutput output)
    {
        ulong seed = random.Next();
        bool inserts = _rows.Count == 0 || (_rows.Count < RowsMax && random.OneIn(3));
        bool keepsBody = !inserts && !random.OneIn(4);
        int place = inserts ? _rows.Count : random.Next(_rows.Count);
        ulong body = keepsBody ? _rows[place].Body : random.Next();
        if (inserts) _rows.Add(new(body));
        else _rows[place] = new(body);

        if (!output.StartRow(tables.Wide, inserts ? Op.Insert : Op.Update)) return;
        output.Integer(place + 1);
        if (keepsBody) output.Unchanged();
        else Body(new(body), output);
        DemoRandom cells = new(seed);
        for (int column = 2; column < Columns.Length; column++)
        {
            uint number = (uint)cells.Next();
            if (cells.OneIn(16)) output.Null();
            else Cell(column, number, output);
        }
        output.EndRow(OldImage.None, keepsBody ? RowFlags.HasUnchanged : RowFlags.None);
    }

    static void Body(DemoRandom random, DemoOutput output)
    {
        Span<byte> letters = stackalloc byte[BodyBytesMax];
        int length = 2000 + random.Next(BodyBytesMax - 2000);
        for (int i = 0; i < length; i++) letters[i] = (byte)('a' + random.Next(26));
        output.Value(letters[..length]);
    }

    static void Cell(int column, uint n, DemoOutput output)
    {
        Span<byte> room = output.Room();
        IFormatProvider invariant = CultureInfo.InvariantCulture;
        DateTime moment = DateTime.UnixEpoch.AddSeconds(n);
        int used;
        _ = column switch
        {
            2 => Utf8.TryWrite(room, invariant, $"{(short)n}", out used),
            3 => Utf8.TryWrite(room, invariant, $"{(int)n}", out used),
            4 or 5 => Utf8.TryWrite(room, invariant, $"{n % 100_000 / 8.0}", out used),
            6 => Utf8.TryWrite(room, invariant, $"{n / 100}.{n % 100:00}", out used),
            7 => Utf8.TryWrite(room, invariant, $"{n}{n}{n}.{n:0000000000}0", out used),
            8 => Utf8.TryWrite(room, invariant, $"{(n % 2 == 0 ? 't' : 'f')}", out used),
            9 => Utf8.TryWrite(room, invariant, $"näme \"{n}\"\\", out used),
            10 => Utf8.TryWrite(room, invariant, $"C-{n}", out used),
            11 => Utf8.TryWrite(room, invariant, $"{n % 100_000_000,-8}", out used),
            12 => Utf8.TryWrite(room, invariant, $"\\x{n:x8}", out used),
            13 => Utf8.TryWrite(room, invariant, $"{moment:yyyy-MM-dd}", out used),
            14 => Utf8.TryWrite(room, invariant, $"{moment:HH:mm:ss}", out used),
            15 => Utf8.TryWrite(room, invariant, $"{moment:HH:mm:ss}+02", out used),
            16 => Utf8.TryWrite(room, invariant, $"{moment:yyyy-MM-dd HH:mm:ss}", out used),
            17 => Utf8.TryWrite(room, invariant, $"{moment:yyyy-MM-dd HH:mm:ss}.5+00", out used),
            18 => Utf8.TryWrite(room, invariant, $"{2 + n % 100} days {moment:HH:mm:ss}", out used),
            19 => Utf8.TryWrite(room, invariant, $"{n:x8}-{n >> 16:x4}-4000-8000-0000{n:x8}", out used),
            20 or 21 => Utf8.TryWrite(room, invariant, $"{{\"n\": {n}, \"list\": [1, null]}}", out used),
            22 => Utf8.TryWrite(room, invariant, $"<n>{n}</n>", out used),
            23 => Utf8.TryWrite(room, invariant, $"{n % 256:b8}", out used),
            24 => Utf8.TryWrite(room, invariant, $"{(n % 3 == 0 ? "glad" : "calm")}", out used),
            25 => Utf8.TryWrite(room, invariant, $"{{t{n},\"a b\",NULL}}", out used),
            26 => Utf8.TryWrite(room, invariant, $"{{{{1,{n % 100}}},{{3,4}}}}", out used),
            27 => Utf8.TryWrite(room, invariant, $"[{n % 100},{100 + n % 100})", out used),
            28 => Utf8.TryWrite(room, invariant, $"10.{n % 200}.0.1", out used),
            _ => Utf8.TryWrite(room, invariant, $"({n % 100},\"x y\")", out used),
        };
        output.Used(used);
    }

    readonly record struct WideRow(ulong Body);
}
