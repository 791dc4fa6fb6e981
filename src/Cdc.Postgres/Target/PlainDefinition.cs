using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target;

/// <summary>What can be known of a table whose source does not say how it is made: columns and key. Types of the user's
/// own must be in the target.</summary>
internal static class PlainDefinition
{
    public static TableSchema Complete(TableSchema schema) =>
        schema.Definition is null ? schema with { Definition = Of(schema) } : schema;

    static TableDefinition Of(TableSchema schema) => new()
    {
        Columns =
        [
            .. schema.Columns.Select((column, i) => new ColumnDefinition(i + 1, column.Name, TypeOf(column.Type))
            {
                NotNull = schema.Key.Contains(i),
            }),
        ],
        Constraints = schema.Key.IsEmpty
            ? []
            : [new($"{schema.Name.Name}_pkey", ConstraintKind.PrimaryKey, KeyOf(schema))],
    };

    static string KeyOf(TableSchema schema) =>
        $"PRIMARY KEY ({string.Join(", ", schema.Key.Select(k => PostgresNames.Quote(schema.Columns[k].Name)))})";

    static string TypeOf(ColumnType type)
    {
        if (type is { Kind: TypeKind.Array, Element: { } element }) return $"{TypeOf(element)}[]";
        int dot = type.Name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0
            ? PostgresNames.Quote(new TableName(type.Name[..dot], type.Name[(dot + 1)..]))
            : PostgresNames.Quote(type.Name);
    }
}
