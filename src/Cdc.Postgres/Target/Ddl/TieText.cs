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
        if (view is { PartitionOf: { } parent, PartitionBound: { } bound })
            yield return Attach(table.Name, parent, bound);
        foreach (TableName ancestor in view.Inherits) yield return Inherit(table.Name, ancestor);
    }

    public static IEnumerable<DdlStatement> ForeignKeys(TableSchema table) =>
        TargetView.Of(table).Constraints
            .Where(static constraint => constraint.Kind == ConstraintKind.ForeignKey)
            .Select(constraint => ForeignKey(table.Name, constraint, TargetView.Of(table)));

    public static DdlStatement Attach(TableName table, TableName parent, string bound) => new(DdlPhase.Attach,
        $"ALTER TABLE {PostgresNames.Quote(parent)} ATTACH PARTITION {PostgresNames.Quote(table)} {bound}",
        "ALTER TABLE … ATTACH PARTITION", table)
    {
        When = $"NOT {IsChild(table, parent)}",
        Needs = parent,
    };

    public static DdlStatement Inherit(TableName table, TableName parent) => new(DdlPhase.Attach,
        $"ALTER TABLE {PostgresNames.Quote(table)} INHERIT {PostgresNames.Quote(parent)}", "ALTER TABLE … INHERIT",
        table)
    {
        When = $"NOT {IsChild(table, parent)}",
        Needs = parent,
    };

    /// <param name="view">Of its table: what comes with a parent that the target has is left to it.</param>
    public static DdlStatement ForeignKey(TableName table, ConstraintDefinition constraint, TableDefinition view)
    {
        DdlStatement add = KeyText.Add(table, constraint) with { Phase = DdlPhase.ForeignKeys };
        string missing = KeyText.IsMissing(table, constraint);
        if (constraint.IsInherited) missing += NotFromParent(table, view);
        return add with
        {
            When = missing,
            Needs = constraint.References,
            Tolerates = "23503",
            Instead = TypeStatements.IsNotValid(add.Sql) ? null : add.Sql + " NOT VALID",
            Said = $"The foreign key {constraint.Name} of {table} does not hold for rows of the target; it is there as "
                + "NOT VALID.",
        };
    }

    /// <summary>A condition to add: no parent is there that brings what is inherited.</summary>
    public static string NotFromParent(TableName table, TableDefinition view)
    {
        IEnumerable<TableName> parents = view.PartitionOf is { } parent ? [parent] : view.Inherits;
        return string.Concat(parents.Select(parent => $" AND NOT {IsChild(table, parent)}"));
    }

    public static string IsChild(TableName table, TableName parent) =>
        $"EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = {TableStatements.Regclass(table)} "
        + $"AND inhparent = {TableStatements.Regclass(parent)})";
}
