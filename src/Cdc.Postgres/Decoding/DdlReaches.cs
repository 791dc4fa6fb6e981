using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Decoding;

/// <summary>Whom a DDL concerns. In doubt everybody: slow, never wrong.</summary>
internal static class DdlReaches
{
    static readonly HashSet<string> OfTables =
    [
        "CREATE TABLE", "CREATE TABLE AS", "SELECT INTO", "ALTER TABLE", "DROP TABLE", "CREATE INDEX", "ALTER INDEX",
        "DROP INDEX", "CREATE SEQUENCE", "ALTER SEQUENCE", "DROP SEQUENCE", "ALTER TYPE", "ALTER DOMAIN",
    ];

    static readonly HashSet<string> OfSchemas = ["ALTER SCHEMA", "DROP SCHEMA"];

    /// <param name="tables">All captured ones, as they were before it and as it left them.</param>
    public static DdlReach Of(
        string tag, ImmutableArray<SchemaChange> changes, ImmutableArray<TableSchema> tables)
    {
        DdlReach all = new(true, null, []);
        bool hasSchemas = changes.Any(static c => c is SchemaChange.SchemaRenamed or SchemaChange.SchemaDropped);
        if (hasSchemas || OfSchemas.Contains(tag)) return OfOneSchema(changes) ?? all;
        if (!OfTables.Contains(tag) || changes.Any(static c => c is SchemaChange.TypeDropped)) return all;
        HashSet<TableName> names = [.. changes.SelectMany(NamesOf)];
        HashSet<uint> types = [.. changes.OfType<SchemaChange.TypeAltered>().Select(static c => c.After.SourceId)];
        return new(false, null, [.. changes.SelectMany(Own),
            .. tables.Where(table => names.Contains(table.Name) || Uses(table, types))]);
    }

    static DdlReach? OfOneSchema(ImmutableArray<SchemaChange> changes)
    {
        string[] schemas = [.. changes.Select(static change => change switch
        {
            SchemaChange.SchemaRenamed renamed => renamed.Before,
            SchemaChange.SchemaDropped dropped => dropped.Name,
            SchemaChange.TypeDropped dropped => dropped.Name.Schema,
            SchemaChange.TypeAltered altered => (altered.Before ?? altered.After).Name.Schema,
            _ => Own(change).FirstOrDefault()?.Name.Schema ?? "",
        }).Distinct()];
        return schemas is [var one] ? new(false, one, []) : null;
    }

    static IEnumerable<TableSchema> Own(SchemaChange change) => change switch
    {
        SchemaChange.TableAltered altered => [altered.Before, altered.After],
        SchemaChange.TableDropped dropped => [dropped.Before],
        SchemaChange.TableLeft left => [left.Before],
        _ => change.Table is { } table ? [table] : [],
    };

    // Tables that it is a part of or inherits from, and the other ends of foreign keys that come or go.
    static IEnumerable<TableName> NamesOf(SchemaChange change)
    {
        TableDefinition[] definitions =
            [.. Own(change).Select(static table => table.Definition).OfType<TableDefinition>()];
        foreach (TableDefinition definition in definitions)
        {
            if (definition.PartitionOf is { } parent) yield return parent;
            foreach (TableName inherited in definition.Inherits) yield return inherited;
            foreach (ConstraintDefinition constraint in definition.Constraints)
            {
                bool stays = definitions.Length > 1 && definitions.All(d => d.Constraints.Contains(constraint));
                if (constraint.References is { } other && !stays) yield return other;
            }
        }
    }

    static bool Uses(TableSchema table, HashSet<uint> types) =>
        types.Count > 0 && table.Definition is { } definition
        && definition.Types.Any(type => types.Contains(type.SourceId));
}
