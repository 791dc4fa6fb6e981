using Cdc.Engine.Schemas;

namespace Cdc.Engine.Ddl;

/// <summary>One effect of a DDL.</summary>
public abstract record SchemaChange
{
    SchemaChange() { }

    /// <summary>The captured table as it is afterwards; null if the change leaves none.</summary>
    public virtual TableSchema? Table => null;

    /// <summary>A table is new to us: its rows, if it has any, follow in the stream.</summary>
    public sealed record TableCreated(TableSchema After) : SchemaChange
    {
        public override TableSchema Table => After;
    }

    /// <summary>A captured table has another definition: columns, constraints, indexes, name, schema,
    /// partition.</summary>
    public sealed record TableAltered(TableSchema Before, TableSchema After, TableRewrite Rewrite) : SchemaChange
    {
        public override TableSchema Table => After;
    }

    /// <summary>A captured table is gone.</summary>
    public sealed record TableDropped(TableSchema Before) : SchemaChange;

    /// <summary>A table was renamed or moved to where the patterns do not reach: it stays in the target as it is, and
    /// gets no more rows.</summary>
    public sealed record TableLeft(TableSchema Before, TableName Name) : SchemaChange;

    /// <summary>A type that captured tables use is different. Before is null if it is not known.</summary>
    public sealed record TypeAltered(TypeDefinition? Before, TypeDefinition After) : SchemaChange;

    public sealed record TypeDropped(TableName Name) : SchemaChange;

    /// <summary>A schema has another name; the tables in it follow as <see cref="TableAltered"/>.</summary>
    public sealed record SchemaRenamed(string Before, string After) : SchemaChange;

    /// <summary>A schema is gone; its tables come before it as <see cref="TableDropped"/>.</summary>
    public sealed record SchemaDropped(string Name) : SchemaChange;
}

/// <summary>Whether and why the statement wrote the table's rows anew, which the log does not show.</summary>
[Flags]
public enum TableRewrite
{
    None = 0,
    /// <summary>LOGGED or UNLOGGED.</summary>
    Persistence = 1,
    /// <summary>A column was added whose default is not one value for all rows.</summary>
    Default = 2,
    /// <summary>A column's type was changed.</summary>
    ColumnType = 4,
    /// <summary>Another way of storing rows; their values are the same.</summary>
    AccessMethod = 8,
    /// <summary>The table held no row, so nothing was lost.</summary>
    Empty = 1 << 16,
}
