using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>What an event is to a target: statements in the order in which they run, and what is left undone. Pure, but
/// for conditions that the statements carry.</summary>
internal sealed record DdlPlan(ImmutableArray<DdlStatement> Statements, ImmutableArray<string> LeftUndone)
{
    /// <exception cref="CdcException">SinkUnfit: DDL is to stop the changefeed. TableStopped: it can't be
    /// repeated.</exception>
    public static DdlPlan Of(DdlEvent ddl, DdlMode mode)
    {
        switch (mode)
        {
            case DdlMode.Ignore:
                return new([], []);
            case DdlMode.Stop:
                throw new CdcException(FailureKind.SinkUnfit,
                    $"The source ran {ddl.Tag} on {Names(ddl)}, and --ddl stop stops there.",
                    "Run with another --ddl.");
        }
        bool keeps = mode == DdlMode.Additive;
        List<DdlStatement> statements =
        [
            .. Schemas(ddl, keeps),
            .. ddl.Changes.OfType<SchemaChange.TypeAltered>().Select(Type),
            .. Alterations(ddl, keeps),
            .. ddl.Changes.OfType<SchemaChange.TableCreated>().SelectMany(static created => Create(created.After)),
            .. keeps ? [] : Drops(ddl),
        ];
        if (keeps) statements.RemoveAll(static statement => statement.Does == "DROP SEQUENCE");
        return new([.. statements.OrderBy(static statement => statement.Phase)], [.. Notes(ddl, keeps)]);
    }

    static IEnumerable<DdlStatement> Create(TableSchema table)
    {
        IReadOnlyCollection<TableSchema> one = [table];
        // What is there already under the name is not the table of the source.
        return TableStatements.Create(table).Select(static statement =>
                statement.Does == "CREATE TABLE" ? statement with { When = null } : statement)
            .Concat(TableStatements.Keys(table)).Concat(TableStatements.Ties(one));
    }

    static DdlStatement Type(SchemaChange.TypeAltered change) =>
        new(DdlPhase.Types, "", "ALTER TYPE", change.After.Name) { Type = change.After, TypeBefore = change.Before };

    static IEnumerable<DdlStatement> Alterations(DdlEvent ddl, bool keeps)
    {
        Renames renames = Renamed(ddl);
        List<AlteredTable> done = [];
        foreach (SchemaChange.TableAltered change in Ordered(ddl))
            done.Add(new(change, done, renames) { HasNoUsing = ddl.Tag == "ALTER TYPE" });
        foreach (AlteredTable child in Enumerable.Reverse(done))
        {
            foreach (AlteredTable parent in child.Parents) parent.TakeBelow(child);
        }
        string? sql = ddl.Tag == "ALTER TABLE" ? ddl.Sql : null;
        return done.SelectMany(table => TableAlteration.Of(table, sql, keeps));
    }

    // Parents before children: what happens to a parent's column reaches the children from there.
    static IEnumerable<SchemaChange.TableAltered> Ordered(DdlEvent ddl)
    {
        List<SchemaChange.TableAltered> left = [.. ddl.Changes.OfType<SchemaChange.TableAltered>()];
        while (left.Count > 0)
        {
            SchemaChange.TableAltered next = left.Find(change => !left.Exists(other =>
                other != change && IsParent(other, change))) ?? left[0];
            left.Remove(next);
            yield return next;
        }
    }

    static bool IsParent(SchemaChange.TableAltered parent, SchemaChange.TableAltered child)
    {
        return child.After.Definition is { } definition
            && (definition.PartitionOf is { } of ? Is(of) : definition.Inherits.Any(Is));

        bool Is(TableName name) => name == parent.Before.Name || name == parent.After.Name;
    }


    static Renames Renamed(DdlEvent ddl)
    {
        Renames renames = new();
        foreach (SchemaChange change in ddl.Changes)
        {
            switch (change)
            {
                case SchemaChange.SchemaRenamed schema:
                    renames.Schema(schema.Before, schema.After);
                    break;
                case SchemaChange.TypeAltered { Before: { } before, After: var after }:
                    renames.Object(before.Name, after.Name);
                    break;
                case SchemaChange.TableAltered table:
                    renames.Object(table.Before.Name, table.After.Name);
                    TypesRenamed(table, renames);
                    break;
            }
        }
        return renames;
    }

    static void TypesRenamed(SchemaChange.TableAltered table, Renames renames)
    {
        if (table is not { Before.Definition: { } before, After.Definition: { } after }) return;
        foreach (TypeDefinition type in before.Types)
        {
            if (after.Types.FirstOrDefault(other => other.SourceId == type.SourceId) is { } now)
                renames.Object(type.Name, now.Name);
        }
    }

    static IEnumerable<DdlStatement> Schemas(DdlEvent ddl, bool keeps)
    {
        foreach (SchemaChange change in ddl.Changes)
        {
            if (change is SchemaChange.SchemaRenamed renamed)
            {
                yield return new(DdlPhase.RenameSchemas, $"ALTER SCHEMA {PostgresNames.Quote(renamed.Before)} "
                    + $"RENAME TO {PostgresNames.Quote(renamed.After)}", "ALTER SCHEMA … RENAME",
                    new(renamed.After, ""))
                {
                    When = $"{Namespace(renamed.Before)} IS NOT NULL AND {Namespace(renamed.After)} IS NULL",
                };
            }
            else if (change is SchemaChange.SchemaDropped dropped && !keeps)
            {
                yield return new(DdlPhase.DropSchemas, $"DROP SCHEMA IF EXISTS {PostgresNames.Quote(dropped.Name)}",
                    "DROP SCHEMA", new(dropped.Name, ""))
                {
                    Tolerates = "2BP01",
                    Said = $"The source dropped schema {dropped.Name}; the target's holds other things and stays.",
                };
            }
        }
    }

    static IEnumerable<DdlStatement> Drops(DdlEvent ddl)
    {
        List<TableName> tables = [.. ddl.Changes.OfType<SchemaChange.TableDropped>().Select(static t => t.Before.Name)];
        if (tables.Count > 0)
        {
            // The source has no foreign key to a table that is gone.
            foreach (TableName table in tables)
                yield return new(DdlPhase.DropTables, ForeignKeysTo(table), "ALTER TABLE … DROP CONSTRAINT", table);
            yield return new(DdlPhase.DropTables,
                $"DROP TABLE IF EXISTS {string.Join(", ", tables.Select(PostgresNames.Quote))}", "DROP TABLE",
                tables[0]);
        }
        foreach (SchemaChange.TypeDropped type in ddl.Changes.OfType<SchemaChange.TypeDropped>())
        {
            yield return new(DdlPhase.DropTypes, $"DROP TYPE IF EXISTS {PostgresNames.Quote(type.Name)}", "DROP TYPE",
                type.Name)
            {
                Tolerates = "2BP01",
                Said = $"The source dropped type {type.Name}; something in the target uses it and it stays.",
            };
        }
    }

    static string ForeignKeysTo(TableName table) => $"""
        DO $cdc$ DECLARE k record; BEGIN
        FOR k IN SELECT conrelid::pg_catalog.regclass AS child, conname FROM pg_catalog.pg_constraint
            WHERE contype = 'f' AND conparentid = 0 AND conrelid <> confrelid
            AND confrelid = {TableStatements.Regclass(table)}
        LOOP EXECUTE pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.child, k.conname); END LOOP; END $cdc$
        """;

    static IEnumerable<string> Notes(DdlEvent ddl, bool keeps)
    {
        foreach (SchemaChange change in ddl.Changes)
        {
            string? note = change switch
            {
                SchemaChange.TableLeft left => $"Table {left.Before.Name} is {left.Name} at the source now, which is "
                    + "not captured; it stays in the target as it is.",
                SchemaChange.TableDropped dropped when keeps =>
                    $"The source dropped table {dropped.Before.Name}; it stays in the target (--ddl additive).",
                SchemaChange.TypeDropped dropped when keeps =>
                    $"The source dropped type {dropped.Name}; it stays in the target (--ddl additive).",
                SchemaChange.SchemaDropped dropped when keeps =>
                    $"The source dropped schema {dropped.Name}; it stays in the target (--ddl additive).",
                SchemaChange.TableAltered altered when keeps && Dropped(altered) is { Count: > 0 } columns =>
                    $"The source dropped {string.Join(", ", columns)} of table {altered.After.Name}; the target keeps "
                    + "what it has of it (--ddl additive).",
                _ => null,
            };
            if (note is not null) yield return note;
        }
    }

    static List<string> Dropped(SchemaChange.TableAltered altered) =>
        [.. TargetView.Of(altered.Before).Columns.ExceptBy(
                TargetView.Of(altered.After).Columns.Select(static c => c.Number), static column => column.Number)
            .Select(static column => column.Name)];

    static string Names(DdlEvent ddl) =>
        ddl.Concerned.FirstOrDefault() is { } table ? $"{table.Name}" : "what is captured";

    static string Namespace(string name) =>
        $"pg_catalog.to_regnamespace({PostgresNames.Literal(PostgresNames.Quote(name))})";
}
