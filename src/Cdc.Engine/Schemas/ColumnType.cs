using System.Collections.Immutable;

namespace Cdc.Engine.Schemas;

/// <summary>The type of a column. A domain appears as the type it stands on, under its own name.</summary>
/// <param name="Kind">What the values are.</param>
/// <param name="Name">The server's name, qualified where it is not built in: <c>int4</c>, <c>shop.mood</c>.</param>
/// <param name="SourceId">The server's own number; 0 if it has none.</param>
/// <param name="Modifier">Length, precision or scale as the server encodes them; -1 if there is none.</param>
public sealed record ColumnType(TypeKind Kind, string Name, uint SourceId = 0, int Modifier = -1)
{
    /// <summary>What an array, range or multirange is made of.</summary>
    public ColumnType? Element { get; init; }

    /// <summary>The fields of a composite, in order.</summary>
    public ImmutableArray<CompositeField> Fields { get; init; } = [];

    /// <summary>The character between elements of an array of this type, which is not a comma for every type.</summary>
    public char Delimiter { get; init; } = ',';

    public bool Equals(ColumnType? other) =>
        other is not null && Kind == other.Kind && Name == other.Name && SourceId == other.SourceId
        && Modifier == other.Modifier && Delimiter == other.Delimiter && Equals(Element, other.Element)
        && Fields.AsSpan().SequenceEqual(other.Fields.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Kind, Name, SourceId, Modifier);
}

/// <summary>One field of a composite type.</summary>
public sealed record CompositeField(string Name, ColumnType Type);
