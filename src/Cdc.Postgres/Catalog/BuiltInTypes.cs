using System.Collections.Frozen;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Catalog;

/// <summary>Types whose numbers are the same on every server, so that no query is needed for them.</summary>
internal static class BuiltInTypes
{
    public static IEnumerable<uint> Numbers => ByOid.Keys;

    /// <summary>Null if the type is not among them.</summary>
    public static ColumnType? Find(uint oid) => ByOid.GetValueOrDefault(oid);

    static IEnumerable<ColumnType> All()
    {
        List<ColumnType> types = [];
        foreach ((uint oid, uint array, string name, TypeKind kind) in Scalars)
            AddWithArray(types, new(kind, name, oid) { Delimiter = name == "box" ? ';' : ',' }, array);
        foreach ((uint oid, uint array, string name, uint element, uint many, uint manyArray) in Ranges)
        {
            ColumnType range = new(TypeKind.Range, name, oid) { Element = types.Find(t => t.SourceId == element) };
            AddWithArray(types, range, array);
            string multirange = name.Replace("range", "multirange", StringComparison.Ordinal);
            AddWithArray(types, new(TypeKind.Multirange, multirange, many) { Element = range }, manyArray);
        }
        return types;
    }

    static void AddWithArray(List<ColumnType> types, ColumnType type, uint array)
    {
        types.Add(type);
        types.Add(new(TypeKind.Array, type.Name + "[]", array) { Element = type, Delimiter = type.Delimiter });
    }

    static readonly (uint Oid, uint Array, string Name, TypeKind Kind)[] Scalars =
    [
        (16, 1000, "bool", TypeKind.Boolean),
        (17, 1001, "bytea", TypeKind.Binary),
        (18, 1002, "char", TypeKind.Text),
        (19, 1003, "name", TypeKind.Text),
        (20, 1016, "int8", TypeKind.Int64),
        (21, 1005, "int2", TypeKind.Int16),
        (22, 1006, "int2vector", TypeKind.Other),
        (23, 1007, "int4", TypeKind.Int32),
        (24, 1008, "regproc", TypeKind.Other),
        (25, 1009, "text", TypeKind.Text),
        (26, 1028, "oid", TypeKind.Oid),
        (27, 1010, "tid", TypeKind.Other),
        (28, 1011, "xid", TypeKind.Oid),
        (29, 1012, "cid", TypeKind.Oid),
        (30, 1013, "oidvector", TypeKind.Other),
        (114, 199, "json", TypeKind.Json),
        (142, 143, "xml", TypeKind.Xml),
        (600, 1017, "point", TypeKind.Other),
        (601, 1018, "lseg", TypeKind.Other),
        (602, 1019, "path", TypeKind.Other),
        (603, 1020, "box", TypeKind.Other),
        (604, 1027, "polygon", TypeKind.Other),
        (628, 629, "line", TypeKind.Other),
        (650, 651, "cidr", TypeKind.Network),
        (700, 1021, "float4", TypeKind.Float32),
        (701, 1022, "float8", TypeKind.Float64),
        (718, 719, "circle", TypeKind.Other),
        (774, 775, "macaddr8", TypeKind.Network),
        (790, 791, "money", TypeKind.Money),
        (829, 1040, "macaddr", TypeKind.Network),
        (869, 1041, "inet", TypeKind.Network),
        (1042, 1014, "bpchar", TypeKind.Text),
        (1043, 1015, "varchar", TypeKind.Text),
        (1082, 1182, "date", TypeKind.Date),
        (1083, 1183, "time", TypeKind.Time),
        (1114, 1115, "timestamp", TypeKind.Timestamp),
        (1184, 1185, "timestamptz", TypeKind.TimestampTz),
        (1186, 1187, "interval", TypeKind.Interval),
        (1266, 1270, "timetz", TypeKind.TimeTz),
        (1560, 1561, "bit", TypeKind.Bit),
        (1562, 1563, "varbit", TypeKind.Bit),
        (1700, 1231, "numeric", TypeKind.Numeric),
        (2205, 2210, "regclass", TypeKind.Other),
        (2206, 2211, "regtype", TypeKind.Other),
        (2950, 2951, "uuid", TypeKind.Uuid),
        (2970, 2949, "txid_snapshot", TypeKind.Other),
        (3614, 3643, "tsvector", TypeKind.Other),
        (3615, 3645, "tsquery", TypeKind.Other),
        (3802, 3807, "jsonb", TypeKind.Json),
        (4072, 4073, "jsonpath", TypeKind.Other),
        (3220, 3221, "pg_lsn", TypeKind.Other),
        (5069, 271, "xid8", TypeKind.Other),
    ];

    static readonly (uint Oid, uint Array, string Name, uint Element, uint Many, uint ManyArray)[] Ranges =
    [
        (3904, 3905, "int4range", 23, 4451, 6150),
        (3906, 3907, "numrange", 1700, 4532, 6151),
        (3908, 3909, "tsrange", 1114, 4533, 6152),
        (3910, 3911, "tstzrange", 1184, 4534, 6153),
        (3912, 3913, "daterange", 1082, 4535, 6155),
        (3926, 3927, "int8range", 20, 4536, 6157),
    ];

    // Behind the lists that it is made of: fields are initialised in the order in which they stand.
    static readonly FrozenDictionary<uint, ColumnType> ByOid = All().ToFrozenDictionary(static type => type.SourceId);
}
