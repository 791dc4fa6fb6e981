using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Makes a table for rows, from what rows need.</summary>
internal static class TableMaker
{
    public static void Create(TargetSession session, TableSchema schema)
    {
        foreach (string statement in Statements(schema)) session.Run(statement);
    }

    /// <summary>Makes keys and indexes of a table whose rows are there.</summary>
    public static void Finish(TargetSession session, TableSchema schema)
    {
        foreach (string statement in FinishingStatements(schema)) session.Run(statement);
    }

    /// <summary>Ties tables to each other: all of them are there.</summary>
    public static void Tie(TargetSession session, IReadOnlyList<TableSchema> tables)
    {
    }

    /// <summary>The table without what makes loading it slow.</summary>
    public static IEnumerable<string> Statements(TableSchema schema)
    {
        if (schema.Name.Schema != "public")
            yield return $"CREATE SCHEMA IF NOT EXISTS {PostgresNames.Quote(schema.Name.Schema)}";
        string columns = string.Join(", ",
            schema.Columns.Select(static c => $"{PostgresNames.Quote(c.Name)} {TypeOf(c.Type)}"));
        yield return $"CREATE TABLE {PostgresNames.Quote(schema.Name)} ({columns})";
    }

    /// <summary>What is made when the rows are there.</summary>
    public static IEnumerable<string> FinishingStatements(TableSchema schema)
    {
        if (schema.Key.IsEmpty) yield break;
        string key = string.Join(", ", schema.Key.Select(k => PostgresNames.Quote(schema.Columns[k].Name)));
        yield return $"ALTER TABLE {PostgresNames.Quote(schema.Name)} ADD PRIMARY KEY ({key})";
    }

    static string TypeOf(ColumnType type) =>
        type.Kind == TypeKind.Array && type.Element is { } element ? $"{TypeOf(element)}[]"
        : type.Name.Contains('.', StringComparison.Ordinal)
            ? string.Join('.', type.Name.Split('.', 2).Select(PostgresNames.Quote))
            : PostgresNames.Quote(type.Name);
}
