using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Makes a table in three steps: what rows need, what is quicker once they are there, and what ties tables to
/// each other. Pure; every statement is left out where its work is done already.</summary>
internal static class TableStatements
{
    /// <summary>Schemas, types, sequences, and the table with its columns only.</summary>
    public static IEnumerable<DdlStatement> Create(TableSchema table)
    {
        TableDefinition view = TargetView.Of(table);
        string name = PostgresNames.Quote(table.Name);
        foreach (DdlStatement statement in Schemas(table.Name, view)) yield return statement;
        foreach (DdlStatement statement in Types(view.Types)) yield return statement;
        foreach (SequenceDefinition sequence in view.Sequences.Where(static sequence => !sequence.IsIdentity))
        {
            yield return new(DdlPhase.CreateTables, ColumnText.Create(sequence), "CREATE SEQUENCE", table.Name)
            {
                When = IsMissing(sequence.Name),
            };
        }
        IEnumerable<string> columns = view.Columns.Select(column => ColumnText.Of(column, view.Sequences));
        string partitions = view.PartitionKey is { } key ? $" PARTITION BY {key}" : "";
        yield return new(DdlPhase.CreateTables, $"CREATE TABLE {name} ({string.Join(", ", columns)}){partitions}",
            "CREATE TABLE", table.Name)
        {
            When = IsMissing(table.Name),
        };
        foreach (SequenceDefinition sequence in view.Sequences.Where(static sequence => !sequence.IsIdentity))
            yield return OwnedBy(sequence, table.Name, DdlPhase.CreateTables);
    }

    /// <summary>Primary key, unique, exclusion and check constraints, indexes, and which of them is the replica
    /// identity.</summary>
    public static IEnumerable<DdlStatement> Keys(TableSchema table)
    {
        TableDefinition view = TargetView.Of(table);
        // Those that a partition will share with its table are made here too: attaching finds them, with their names.
        foreach (ConstraintDefinition constraint in KeyText.Ordered(view.Constraints))
            yield return KeyText.Add(table.Name, constraint) with { When = KeyText.IsMissing(table.Name, constraint) };
        // Attaching takes any index that is like the parent's, so a partition gets its own ones after that.
        bool isPartition = view.PartitionOf is not null;
        foreach (DdlStatement index in Indexes(table.Name, view.Indexes.Where(i => i.IsInherited || !isPartition)))
            yield return index;
        if (!isPartition && Identity(table, view) is { } identity) yield return identity;
    }

    /// <summary>Partitions attached, inheritance, then foreign keys, of all tables at once: their keys are
    /// there.</summary>
    public static IEnumerable<DdlStatement> Ties(IReadOnlyCollection<TableSchema> tables) =>
        tables.SelectMany(TieText.Parents).Concat(tables.SelectMany(OfPartition))
            .Concat(tables.SelectMany(TieText.ForeignKeys));

    static IEnumerable<DdlStatement> OfPartition(TableSchema table)
    {
        TableDefinition view = TargetView.Of(table);
        if (view.PartitionOf is null) yield break;
        foreach (DdlStatement index in Indexes(table.Name, view.Indexes.Where(static index => !index.IsInherited)))
            yield return index with { Phase = DdlPhase.Attach };
        if (Identity(table, view) is { } identity) yield return identity;
    }

    static IEnumerable<DdlStatement> Indexes(TableName table, IEnumerable<IndexDefinition> indexes) =>
        indexes.Select(index => KeyText.Create(table, index) with { When = KeyText.IsMissing(table, index) });

    static DdlStatement? Identity(TableSchema table, TableDefinition view) =>
        table.Identity == ReplicaIdentity.Default ? null : KeyText.Identity(table, view);

    /// <summary>Each type the target lacks is made; a given one that it lacks is a failure with the way out.</summary>
    public static IEnumerable<DdlStatement> Types(IEnumerable<TypeDefinition> types)
    {
        foreach (TypeDefinition type in types)
        {
            yield return new(DdlPhase.Types, "", "CREATE TYPE", type.Name) { Type = type };
        }
    }

    public static DdlStatement OwnedBy(SequenceDefinition sequence, TableName table, DdlPhase phase) => new(phase,
        $"ALTER SEQUENCE {PostgresNames.Quote(sequence.Name)} OWNED BY "
        + $"{PostgresNames.Quote(table)}.{PostgresNames.Quote(sequence.Column)}", "ALTER SEQUENCE", table);

    public static string IsMissing(TableName relation) => $"{Regclass(relation)} IS NULL";

    public static string IsThere(TableName relation) => $"{Regclass(relation)} IS NOT NULL";

    public static string Regclass(TableName relation) =>
        $"pg_catalog.to_regclass({PostgresNames.Literal(PostgresNames.Quote(relation))})";

    public static DdlStatement Schema(string name, DdlPhase phase, TableName of) => new(
        phase, $"CREATE SCHEMA {PostgresNames.Quote(name)}", "CREATE SCHEMA", of)
    {
        // IF NOT EXISTS asks for the privilege to make it even where it is there.
        When = $"pg_catalog.to_regnamespace({PostgresNames.Literal(PostgresNames.Quote(name))}) IS NULL",
    };

    static IEnumerable<DdlStatement> Schemas(TableName table, TableDefinition view)
    {
        IEnumerable<string> all = view.Types.Where(static type => type.Form != TypeForm.Given)
            .Select(static type => type.Name.Schema).Append(table.Schema)
            .Concat(view.Sequences.Select(static sequence => sequence.Name.Schema));
        foreach (string schema in all.Distinct(StringComparer.Ordinal))
            yield return Schema(schema, DdlPhase.Types, table);
    }
}
