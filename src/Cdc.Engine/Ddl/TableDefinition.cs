using System.Collections.Immutable;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Ddl;

/// <summary>What kind of table it is.</summary>
public enum TableForm
{
    /// <summary>Holds rows itself; partitions at the leaves are of this form too.</summary>
    Ordinary,
    /// <summary>Holds none: its rows are those of its partitions, which are tables of their own.</summary>
    Partitioned,
}

/// <summary>All that a database target rebuilds of one table, as the source's catalogs had it: with a version of the
/// table's shape, beside what rows need to be read.</summary>
/// <remarks>Texts are the source's own SQL, every name in them qualified with its schema. Immutable; equal content is
/// equal.</remarks>
public sealed record TableDefinition
{
    public TableForm Form { get; init; }

    /// <summary>In the table's order; generated columns are among them, dropped ones are not.</summary>
    public required ValueList<ColumnDefinition> Columns { get; init; }

    /// <summary>Primary key, unique, check, foreign key and exclusion constraints, by name.</summary>
    public ValueList<ConstraintDefinition> Constraints { get; init; } = [];

    /// <summary>Indexes that no constraint owns, by name. Those not valid are left out.</summary>
    public ValueList<IndexDefinition> Indexes { get; init; } = [];

    /// <summary>Sequences that columns of the table own, by name.</summary>
    public ValueList<SequenceDefinition> Sequences { get; init; } = [];

    /// <summary>Types of columns that are not the server's own, and all that those are made of: each comes after what
    /// it needs.</summary>
    public ValueList<TypeDefinition> Types { get; init; } = [];

    /// <summary><c>RANGE (day)</c>, for a partitioned table.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>The table that this is a partition of.</summary>
    public TableName? PartitionOf { get; init; }

    /// <summary><c>FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')</c>, with <see cref="PartitionOf"/>.</summary>
    public string? PartitionBound { get; init; }

    /// <summary>Tables that it inherits from, in order, other than as a partition.</summary>
    public ValueList<TableName> Inherits { get; init; } = [];
}

/// <summary>One column of a definition.</summary>
/// <param name="Number">The server's number of the column: it stays through renames and is never given again within the
/// table, so it says which column of the next version this is.</param>
/// <param name="Type">As written in a CREATE TABLE: <c>numeric(10,2)</c>, <c>shop.mood[]</c>.</param>
public sealed record ColumnDefinition(int Number, string Name, string Type)
{
    /// <summary>Qualified and quoted; null if it is the type's own.</summary>
    public string? Collation { get; init; }

    public bool NotNull { get; init; }

    /// <summary>The expression of the default, or of a generated column.</summary>
    public string? Default { get; init; }

    public bool IsGenerated { get; init; }

    /// <summary>Identity column: <c>ALWAYS</c> or <c>BY DEFAULT</c>.</summary>
    public string? IdentityKind { get; init; }

    /// <summary>The value that rows have which are older than the column, in the text form of its type: what a default
    /// gave when the column was added. Null if there is none.</summary>
    public string? MissingValue { get; init; }
}

/// <summary>What a constraint is.</summary>
public enum ConstraintKind
{
    PrimaryKey,
    Unique,
    Check,
    ForeignKey,
    Exclusion,
}

/// <param name="Text">What follows ADD CONSTRAINT and the name: <c>FOREIGN KEY (a) REFERENCES shop.b(id)</c>.</param>
/// <param name="References">The table of a foreign key's other end.</param>
/// <param name="IsInherited">It comes with the partitioned table or the parent, and not by itself.</param>
public sealed record ConstraintDefinition(
    string Name, ConstraintKind Kind, string Text, TableName? References = null, bool IsInherited = false);

/// <param name="Text">The whole CREATE INDEX.</param>
/// <param name="IsInherited">It comes with the partitioned table's index, and not by itself.</param>
public sealed record IndexDefinition(string Name, string Text, bool IsUnique, bool IsInherited = false);

/// <summary>A sequence that a column owns.</summary>
/// <param name="Column">The owning column's name.</param>
/// <param name="IsIdentity">It belongs to an identity column, and is made with it.</param>
public sealed record SequenceDefinition(
    TableName Name, string Column, bool IsIdentity, string Type, long Start, long Increment, long Min, long Max,
    long Cache, bool Cycles);
