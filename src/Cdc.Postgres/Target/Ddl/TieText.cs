using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Writes what ties a table to others.</summary>
internal static class TieText
{
    public static IEnumerable<DdlStatement> Parents(TableSchema table)
    {
        TableDefinition view = TargetView.Of(table);
        if (view is { PartitionOf: { } parent, PartitionBound: { } bound }) yield return Attach(table.Name, parent, bound);
        foreach (TableName ancestor in view.Inherits) yield return Inherit(table.Name, ancestor);
    }

    public static IEnumerable<DdlStatement> ForeignKeys(TableSchema table) =>
        TargetView.Of(table).Constraints
            .Where(static constraint => constraint is { Kind: ConstraintKind.ForeignKey, IsInherited: false })
            .Select(constraint => ForeignKey(table.Name, constraint));

    public static DdlStatement Attach(TableName table, TableName parent, string bound) => new(DdlPhase.Attach,
        $"ALTER TABLE {PostgresNames.Quote(parent)} ATTACH PARTITION {PostgresNames.Quote(table)} {bound}",
        "ALTER TABLE … ATTACH PARTITION", table)
    {
        When = $"{TableStatements.IsThere(parent)} AND NOT {IsChild(table, parent)}",
    };

    public static DdlStatement Inherit(TableName table, TableName parent) => new(DdlPhase.Attach,
        $"ALTER TABLE {PostgresNames.Quote(table)} INHERIT {PostgresNames.Quote(parent)}", "ALTER TABLE … INHERIT", table)
    {
        When = $"{TableStatements.IsThere(parent)} AND NOT {IsChild(table, parent)}",
    };

    public static DdlStatement ForeignKey(TableName table, ConstraintDefinition constraint)
    {
        DdlStatement add = KeyText.Add(table, constraint) with { Phase = DdlPhase.ForeignKeys };
        string missing = KeyText.IsMissing(table, constraint);
        return add with
        {
            When = constraint.References is { } other ? $"{TableStatements.IsThere(other)} AND {missing}" : missing,
            Tolerates = "23503",
            Instead = TypeStatements.IsNotValid(add.Sql) ? null : add.Sql + " NOT VALID",
            Said = $"The foreign key {constraint.Name} of {table} does not hold for rows of the target; it is there as "
                + "NOT VALID.",
        };
    }

    public static string IsChild(TableName table, TableName parent) =>
        $"EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = {TableStatements.Regclass(table)} "
        + $"AND inhparent = {TableStatements.Regclass(parent)})";
}
