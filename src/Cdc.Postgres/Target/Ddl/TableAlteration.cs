using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Everything that makes a table's earlier version into the later one.</summary>
internal static class TableAlteration
{
    public static IEnumerable<DdlStatement> Of(AlteredTable table, string? sql, bool keepsDropped) =>
    [
        .. TableStatements.Types(NewTypes(table)),
        .. Detach(table),
        .. Move(table),
        .. KeyAlteration.Of(table),
        .. ColumnAlteration.Of(table, sql, keepsDropped),
        .. Attach(table),
    ];

    static IEnumerable<TypeDefinition> NewTypes(AlteredTable table) =>
        table.After.Types.Where(type => !table.Before.Types.Any(known => known.SourceId == type.SourceId));

    static IEnumerable<DdlStatement> Detach(AlteredTable table)
    {
        if (table.Before.PartitionOf is { } parent && !IsSame(table, parent, table.After.PartitionOf))
        {
            yield return Leaves(table, parent,
                $"ALTER TABLE {PostgresNames.Quote(parent)} DETACH PARTITION {PostgresNames.Quote(table.OldName)}",
                "ALTER TABLE … DETACH PARTITION");
        }
        foreach (TableName ancestor in table.Before.Inherits)
        {
            if (table.After.Inherits.Any(after => IsSame(table, ancestor, after))) continue;
            yield return Leaves(table, ancestor,
                $"ALTER TABLE {PostgresNames.Quote(table.OldName)} NO INHERIT {PostgresNames.Quote(ancestor)}",
                "ALTER TABLE … NO INHERIT");
        }
    }

    static DdlStatement Leaves(AlteredTable table, TableName parent, string sql, string does) =>
        new(DdlPhase.Detach, sql, does, table.Name) { When = TieText.IsChild(table.OldName, parent) };

    static bool IsSame(AlteredTable table, TableName parent, TableName? after) =>
        parent == after || table.Renames.After(parent) == after;

    static IEnumerable<DdlStatement> Move(AlteredTable table)
    {
        TableName old = table.OldName;
        // A schema that was renamed has taken its tables along.
        if (old.Schema != table.Name.Schema)
        {
            yield return TableStatements.Schema(table.Name.Schema, DdlPhase.MoveTables, table.Name);
            yield return new(DdlPhase.MoveTables, $"ALTER TABLE {PostgresNames.Quote(old)} "
                + $"SET SCHEMA {PostgresNames.Quote(table.Name.Schema)}", "ALTER TABLE … SET SCHEMA", table.Name)
            {
                When = TableStatements.IsThere(old),
            };
            old = old with { Schema = table.Name.Schema };
        }
        if (old.Name != table.Name.Name)
        {
            yield return new(DdlPhase.MoveTables, $"ALTER TABLE {PostgresNames.Quote(old)} "
                + $"RENAME TO {PostgresNames.Quote(table.Name.Name)}", "ALTER TABLE … RENAME", table.Name)
            {
                When = $"NOT ({TableStatements.IsMissing(old)} AND {TableStatements.IsThere(table.Name)})",
            };
        }
    }

    static IEnumerable<DdlStatement> Attach(AlteredTable table)
    {
        TableDefinition after = table.After;
        if (after is { PartitionOf: { } parent, PartitionBound: { } bound }
            && (table.Before.PartitionOf is not { } before || !IsSame(table, before, parent)))
        {
            yield return TieText.Attach(table.Name, parent, bound);
        }
        foreach (TableName ancestor in after.Inherits)
        {
            if (!table.Before.Inherits.Any(known => IsSame(table, known, ancestor)))
                yield return TieText.Inherit(table.Name, ancestor);
        }
    }
}
