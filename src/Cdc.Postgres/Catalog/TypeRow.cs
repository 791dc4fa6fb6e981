using System.Collections.Immutable;
using System.Globalization;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Catalog;

/// <summary>One row of pg_type, with what it is made of: whatever was read together gives a column's type.</summary>
internal sealed record TypeRow(
    uint Oid, string Name, TypeKind Kind, char Delimiter, uint Base, uint Element,
    ImmutableArray<(string Name, uint Type, int Modifier)> Fields)
{
    // Deeper than any type is nested, and shallow enough for every stack.
    const int DepthMax = 200;

    public static TypeKind KindOf(char type, bool isArray, string extension, string name) =>
        (type, extension, name) switch
        {
            _ when isArray => TypeKind.Array,
            ('c', _, _) => TypeKind.Composite,
            ('e', _, _) => TypeKind.Enum,
            ('r', _, _) => TypeKind.Range,
            ('m', _, _) => TypeKind.Multirange,
            ('b', "hstore", "hstore") => TypeKind.Hstore,
            ('b', "citext", "citext") => TypeKind.Text,
            _ => TypeKind.Other,
        };

    /// <summary>The type with this number, made of these rows; <see cref="TypeKind.Other"/> under its number if it is
    /// not among them.</summary>
    public static ColumnType Build(uint oid, IReadOnlyDictionary<uint, TypeRow> rows) => Build(oid, rows, 0);

    public static ColumnType Gone(uint oid) =>
        new(TypeKind.Other, string.Create(CultureInfo.InvariantCulture, $"oid {oid}"), oid);

    /// <summary>The type as a column with this modifier has it.</summary>
    public static ColumnType Modified(ColumnType type, int modifier)
    {
        if (modifier < 0) return type;
        return type.Kind == TypeKind.Array && type.Element is { } element
            ? type with { Modifier = modifier, Element = element with { Modifier = modifier } }
            : type with { Modifier = modifier };
    }

    // A type can't contain itself: the server refuses a composite that does, also through arrays and domains. Bytes
    // that say otherwise end at the depth.
    static ColumnType Build(uint oid, IReadOnlyDictionary<uint, TypeRow> rows, int depth)
    {
        if (BuiltInTypes.Find(oid) is { } known) return known;
        if (depth > DepthMax || !rows.TryGetValue(oid, out TypeRow? row)) return Gone(oid);
        ColumnType type = new(row.Kind, row.Name, oid) { Delimiter = row.Delimiter };
        switch (row.Kind)
        {
            case TypeKind.Array:
                ColumnType element = Build(row.Element, rows, depth + 1);
                return type with { Element = element, Name = element.Name + "[]" };
            case TypeKind.Range or TypeKind.Multirange:
                return type with { Element = Build(row.Element, rows, depth + 1) };
            case TypeKind.Composite:
                return type with
                {
                    Fields = [.. row.Fields.Select(f =>
                        new CompositeField(f.Name, Build(f.Type, rows, depth + 1) with { Modifier = f.Modifier }))],
                };
            default:
                if (row.Base == 0) return type;
                ColumnType basis = Build(row.Base, rows, depth + 1);
                return basis with { Name = row.Name, SourceId = oid };
        }
    }
}
