using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Target;

/// <summary>What of a target keeps a changefeed from being written, or makes it slower or less than it could
/// be.</summary>
internal static class TargetProblems
{
    const int OldestServer = 14_0000;

    public static IReadOnlyList<Problem> Of(TargetSession session, SourceFacts? source, PostgresSinkOptions options)
    {
        List<Problem> problems = [];
        PgConnection connection = session.Connection;
        string server = connection.Endpoint.Server;
        if (connection.ServerVersion is > 0 and < OldestServer)
        {
            problems.Add(new(FailureKind.SinkUnfit,
                $"The target {server} is PostgreSQL {connection.ServerVersion / 10_000}.", "It must be 14 or newer."));
        }
        PgRows facts = connection.Query("""
            SELECT pg_is_in_recovery(), has_database_privilege(current_database(), 'CREATE'),
                (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'cdc')
            """);
        string role = PostgresNames.Quote(connection.Endpoint.User);
        string database = PostgresNames.Quote(connection.Endpoint.Database);
        if (facts[0][0] == "t")
            problems.Add(new(FailureKind.SinkUnfit, $"The target {server} is a standby.", "Write to its primary."));
        if (facts[0][1] != "t" && facts[0][2] != "t")
        {
            problems.Add(new(FailureKind.SinkUnfit,
                "The role may not create schema cdc in the target, where progress is kept.",
                $"GRANT CREATE ON DATABASE {database} TO {role};"));
        }
        if (!session.IsReplica)
        {
            problems.Add(new(FailureKind.SinkUnfit, TargetSessions.NoReplica(connection.Endpoint.User),
                TargetSessions.ReplicaGrant(connection.Endpoint.User), IsWarning: true));
        }
        if (source is null) return problems;
        if (IsSame(session, source.Identity))
        {
            problems.Add(Same(source.Identity.Database));
            return problems;
        }
        HashSet<TableName> closed = Closed(connection, source);
        problems.AddRange(closed.Select(table => new Problem(FailureKind.SinkUnfit,
            $"The role may not read and write table {table} of the target.",
            $"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {PostgresNames.Quote(table)} TO {role}; "
            + $"GRANT USAGE ON SCHEMA {PostgresNames.Quote(table.Schema)} TO {role};")));
        if (options is { Copies: true, Existing: ExistingRows.Refuse }
            && new ProgressStore(options.Name).Read(connection) is null)
        {
            IEnumerable<TableName> open = source.Tables.Select(static t => t.Name).Where(n => !closed.Contains(n));
            problems.AddRange(Filled(session, open));
        }
        return problems;
    }

    /// <exception cref="CdcException">SinkUnfit: source and target are one database.</exception>
    public static void ThrowIfSame(TargetSession session, SourceIdentity source)
    {
        if (IsSame(session, source)) throw Same(source.Database).ToException();
    }

    static bool IsSame(TargetSession session, SourceIdentity source) =>
        source.Kind == "postgres" && session.Run(
            "SELECT system_identifier || ' ' || current_database() FROM pg_control_system()").Cell
            == $"{source.System} {source.Database}";

    static Problem Same(string database) => new(FailureKind.SinkUnfit,
        $"Source and target are the same database ({database}): every change would come back as a new one.",
        "Choose another target.");

    // Tables that are there, and that this role can't do with what has to be done. Those it makes are its own.
    static HashSet<TableName> Closed(PgConnection connection, SourceFacts source)
    {
        if (source.Tables.IsEmpty) return [];
        string names = string.Join(", ", source.Tables.Select(static table =>
            $"({PostgresNames.Literal(table.Name.Schema)}, {PostgresNames.Literal(table.Name.Name)})"));
        return [.. connection.Query($"""
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname, c.relname) IN ({names}) AND c.relkind IN ('r', 'p') AND NOT (
                has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
                AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                AND has_table_privilege(c.oid, 'DELETE'))
            ORDER BY 1, 2
            """).Select(static row => new TableName(row[0]!, row[1]!))];
    }

    static IEnumerable<Problem> Filled(TargetSession session, IEnumerable<TableName> tables)
    {
        foreach (TableName table in tables)
        {
            if (!TargetTableReader.Exists(session.Connection, table)) continue;
            if (session.Run($"SELECT EXISTS (SELECT FROM ONLY {PostgresNames.Quote(table)})").Cell != "t") continue;
            CdcException refusal = CopyTarget.NotEmpty(table);
            yield return new(refusal.Kind, refusal.Message, refusal.Fix);
        }
    }
}
