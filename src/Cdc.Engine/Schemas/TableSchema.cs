using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Protocol;

namespace Cdc.Engine.Schemas;

/// <summary>A table's name. Both parts are as the server stores them, unquoted.</summary>
public readonly record struct TableName(string Schema, string Name)
{
    public override string ToString() => $"{Schema}.{Name}";
}

/// <summary>What the source sends of a row's old image.</summary>
public enum ReplicaIdentity
{
    /// <summary>The primary key.</summary>
    Default,
    /// <summary>Nothing: updates and deletes can't be published.</summary>
    Nothing,
    /// <summary>The whole old row.</summary>
    Full,
    /// <summary>The columns of one unique index.</summary>
    Index,
}

/// <summary>One column, in the table's order. Generated and dropped columns are not among them.</summary>
/// <param name="IsIdentity">Whether the old image of an update or delete carries the column.</param>
public sealed record Column(string Name, ColumnType Type, bool IsIdentity = false);

/// <summary>One version of a table's shape. Immutable; every batch carries the one its rows were written
/// under.</summary>
public sealed record TableSchema
{
    public required TableId Id { get; init; }

    /// <summary>The first position at which this version holds. It ends where the table's next version
    /// begins.</summary>
    public CommitTs Since { get; init; }

    public required TableName Name { get; init; }

    /// <summary>The server's own number of the table (PostgreSQL: its oid), which a server may use again.</summary>
    public uint SourceId { get; init; }

    public required ImmutableArray<Column> Columns { get; init; }

    /// <summary>Ordinals of the key's columns, in the key's order: the primary key, or the identity index. Empty
    /// without.</summary>
    public ImmutableArray<int> Key { get; init; } = [];

    public ReplicaIdentity Identity { get; init; }

    /// <summary>What a database target rebuilds the table from; null from a source that does not say.</summary>
    public TableDefinition? Definition { get; init; }

    /// <summary>From this version on there is no such table in the source.</summary>
    public bool IsDropped { get; init; }

    /// <summary>Whether both describe the same shape, wherever they begin.</summary>
    public bool HasShapeOf(TableSchema other) =>
        Name == other.Name && SourceId == other.SourceId && Identity == other.Identity
        && Columns.AsSpan().SequenceEqual(other.Columns.AsSpan()) && Key.AsSpan().SequenceEqual(other.Key.AsSpan())
        && IsDropped == other.IsDropped && Equals(Definition, other.Definition);

    public bool Equals(TableSchema? other) =>
        other is not null && Id == other.Id && Since == other.Since && HasShapeOf(other);

    public override int GetHashCode() => HashCode.Combine(Id, Since);

    /// <summary>The pseudo-table of logical messages: their prefix and content, as rows of
    /// <see cref="Rows.Op.Message"/>.</summary>
    public static TableSchema Messages { get; } = new()
    {
        Id = TableId.Trigger,
        Name = new("", ""),
        Columns = [new("prefix", new(TypeKind.Text, "text")), new("content", new(TypeKind.Binary, "bytea"))],
    };
}
