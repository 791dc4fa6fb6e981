using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Writes the constraints and indexes of one table that need no other table.</summary>
internal static class KeyText
{
    /// <summary>All but foreign keys, a primary key first.</summary>
    public static IEnumerable<ConstraintDefinition> Ordered(IEnumerable<ConstraintDefinition> constraints) =>
        constraints.Where(static constraint => constraint.Kind != ConstraintKind.ForeignKey)
            .OrderBy(static constraint => constraint.Kind);

    public static DdlStatement Add(TableName table, ConstraintDefinition constraint) => new(DdlPhase.Keys,
        $"ALTER TABLE {PostgresNames.Quote(table)} "
        + $"ADD CONSTRAINT {PostgresNames.Quote(constraint.Name)} {constraint.Text}",
        "ALTER TABLE … ADD CONSTRAINT", table);

    // The server writes ON ONLY for an index of a partitioned table, which would then have none on its partitions.
    public static DdlStatement Create(TableName table, IndexDefinition index) => new(DdlPhase.Keys,
        index.Text.Replace(" ON ONLY ", " ON ", StringComparison.Ordinal), "CREATE INDEX", table);

    public static string IsMissing(TableName table, ConstraintDefinition constraint) =>
        $"NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {TableStatements.Regclass(table)} "
        + $"AND conname = {PostgresNames.Literal(constraint.Name)})";

    public static string IsMissing(TableName table, IndexDefinition index) =>
        TableStatements.IsMissing(table with { Name = index.Name });

    /// <summary>Null where the identity index is not among what is known of the table.</summary>
    public static DdlStatement? Identity(TableSchema table, TableDefinition view)
    {
        string? form = table.Identity switch
        {
            ReplicaIdentity.Default => "DEFAULT",
            ReplicaIdentity.Nothing => "NOTHING",
            ReplicaIdentity.Full => "FULL",
            ReplicaIdentity.Index => IdentityIndex(table, view) is { } index
                ? $"USING INDEX {PostgresNames.Quote(index)}"
                : null,
        };
        return form is null ? null : new(DdlPhase.Identity,
            $"ALTER TABLE {PostgresNames.Quote(table.Name)} REPLICA IDENTITY {form}", "ALTER TABLE … REPLICA IDENTITY",
            table.Name);
    }

    /// <summary>The unique index with exactly the key's columns.</summary>
    public static string? IdentityIndex(TableSchema table, TableDefinition view)
    {
        string key = string.Join(" , ", table.Key.Select(ordinal => PostgresNames.Quote(table.Columns[ordinal].Name)));
        return view.Indexes.Where(index => index.IsUnique && IsOf(index.Text, key)).Select(static i => i.Name)
            .Concat(view.Constraints.Where(c => c.Kind is ConstraintKind.Unique && IsOf(c.Text, key))
                .Select(static c => c.Name))
            .FirstOrDefault();
    }

    static bool IsOf(string text, string key)
    {
        string canonical = Renames.None.Apply(text);
        // A partial index is no identity, one of expressions neither; INCLUDE is no part of the key.
        return canonical.Contains($"( {key} )", StringComparison.Ordinal)
            && !canonical.Contains("\"where\"", StringComparison.Ordinal);
    }
}
