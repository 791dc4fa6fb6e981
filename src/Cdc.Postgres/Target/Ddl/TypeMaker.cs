using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Makes a target's type what the source's is, from whatever it is there: another table, or another
/// changefeed, may have done so already.</summary>
internal static class TypeMaker
{
    /// <param name="before">What the source's was, where that is known.</param>
    /// <param name="isChange">The source has changed it; otherwise a table merely uses it.</param>
    /// <exception cref="CdcException">SinkUnfit: only an extension or the user can make it so.</exception>
    public static void Make(PgConnection connection, TypeDefinition type, TypeDefinition? before, bool isChange)
    {
        TypeDefinition? there = Read(connection, type.Name);
        if (there is null && before is not null && before.Name != type.Name) there = Read(connection, before.Name);
        if (type.Form == TypeForm.Given)
        {
            if (there is null) throw Missing(type);
            return;
        }
        string schema = PostgresNames.Quote(type.Name.Schema);
        if (connection.Query($"SELECT pg_catalog.to_regnamespace({PostgresNames.Literal(schema)}) AS n")["n"] is null)
            connection.Query($"CREATE SCHEMA {schema}");
        if (there is null)
        {
            Create(connection, type);
            return;
        }
        if (TypeAlteration.AreEqual(there, type) || (!isChange && HasAllOf(there, type))) return;
        foreach (string sql in Alter(there, type, before)) connection.Query(sql);
    }

    static List<string> Alter(TypeDefinition there, TypeDefinition type, TypeDefinition? before)
    {
        try
        {
            // The source's numbers tell a rename from another part, if the target has what the source had.
            bool isAsBefore = before is not null && TypeAlteration.AreEqual(there with { Name = before.Name }, before);
            return [.. isAsBefore
                ? TypeAlteration.Of(before! with { Name = there.Name }, type, true)
                : TypeAlteration.Of(there, type, false)];
        }
        catch (NotSupportedException different)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                $"The target's type {there.Name} can't be made the source's: it {different.Message}.",
                "Make it equal to the source's, or move it out of the way if nothing uses it, and run again.");
        }
    }

    static void Create(PgConnection connection, TypeDefinition type)
    {
        connection.Query(TypeStatements.Create(type)!);
        foreach (ConstraintDefinition check in type.Constraints.Where(static c => TypeStatements.IsNotValid(c.Text)))
        {
            connection.Query($"ALTER DOMAIN {PostgresNames.Quote(type.Name)} "
                + $"ADD CONSTRAINT {PostgresNames.Quote(check.Name)} {check.Text}");
        }
    }

    // A changefeed that is ahead of this one may have added labels.
    static bool HasAllOf(TypeDefinition there, TypeDefinition type) =>
        there.Form == TypeForm.Enum && type.Form == TypeForm.Enum
        && there.Labels.Where(label => type.Labels.Contains(label)).SequenceEqual(type.Labels);

    static TypeDefinition? Read(PgConnection connection, TableName name)
    {
        string type = PostgresNames.Literal(PostgresNames.Quote(name));
        string which = $"ARRAY[pg_catalog.to_regtype({type})::pg_catalog.oid]";
        string types = DefinitionQuery.Types.Replace("$1", which, StringComparison.Ordinal);
        PgRows rows = connection.Query($"SELECT pg_catalog.json_strip_nulls(({types}))");
        if (rows.Count == 0 || rows[0][0] is not { } json) return null;
        return CatalogJson.Read(Encoding.UTF8.GetBytes($"{{\"types\":{json}}}"),
            root => DefinitionJson.Types(root).FirstOrDefault(found => found.Name == name));
    }

    static CdcException Missing(TypeDefinition type) => new(FailureKind.SinkUnfit,
        $"The target has no type {type.Name}, which the source's tables use.",
        type.Extension is { } extension
            ? $"Run in the target: CREATE EXTENSION {PostgresNames.Quote(extension)} "
                + $"SCHEMA {PostgresNames.Quote(type.Name.Schema)};"
            : "Make it in the target as it is at the source, and run again.");
}
