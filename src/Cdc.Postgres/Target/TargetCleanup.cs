using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Target;

/// <summary>Removes what changefeeds have recorded in a target: never a table of the user's, nor a row in one. Doing it
/// twice is harmless.</summary>
public sealed class TargetCleanup(PostgresAddress address, TimeProvider clock)
{
    static readonly string[] s_tables = ["progress", "tables", "schemas", "ddl"];

    readonly TargetSessions _sessions = new(new() { Address = address, Name = "", Time = clock });

    /// <summary>The statements that forget these changefeeds, and remove our schema with the last of them if nothing
    /// else is in it. Changes nothing; empty if nothing of them is there.</summary>
    public Task<ImmutableArray<string>> PlanAsync(
        IReadOnlyCollection<string> changefeeds, CancellationToken cancellationToken) =>
        RunAsync(connection => Plan(connection, changefeeds), cancellationToken);

    /// <summary>Runs statements of a plan, all or none.</summary>
    public Task RunAsync(ImmutableArray<string> plan, CancellationToken cancellationToken) =>
        plan.IsEmpty ? Task.CompletedTask : RunAsync(connection =>
        {
            connection.Query("BEGIN");
            foreach (string statement in plan) connection.Query(statement);
            connection.Query("COMMIT");
            return true;
        }, cancellationToken);

    static ImmutableArray<string> Plan(PgConnection connection, IReadOnlyCollection<string> changefeeds)
    {
        if (changefeeds.Count == 0 || connection.Query(ProgressSql.Exists)[0][0] != $"{ProgressSql.TableCount}")
            return [];
        string ours = string.Join(", ", changefeeds.Select(PostgresNames.Literal));
        string all = string.Join(" UNION ", s_tables.Select(static t => $"SELECT changefeed FROM cdc.{t}"));
        PgRows found = connection.Query($"SELECT pg_catalog.count(*) FILTER (WHERE changefeed IN ({ours})) AS mine, "
            + $"pg_catalog.count(*) FILTER (WHERE changefeed NOT IN ({ours})) AS others FROM ({all}) known");
        if (found["mine"] == "0") return [];
        if (found["others"] != "0")
            return [.. s_tables.Select(table => $"DELETE FROM cdc.{table} WHERE changefeed IN ({ours});")];
        // The database may be a source as well, whose things are in the same schema.
        string names = string.Join(", ", s_tables.Select(PostgresNames.Literal));
        PgRows more = connection.Query($"""
            SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relkind NOT IN ('i', 'I')
                AND relnamespace = 'cdc'::regnamespace AND relname NOT IN ({names}))
                + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc WHERE pronamespace = 'cdc'::regnamespace) AS count
            """);
        string drop = $"DROP TABLE {string.Join(", ", s_tables.Select(static table => $"cdc.{table}"))};";
        return more["count"] == "0" ? [drop, "DROP SCHEMA cdc;"] : [drop];
    }

    async Task<T> RunAsync<T>(Func<PgConnection, T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() =>
            {
                using TargetSession session = _sessions.Open(cancellationToken);
                return work(session.Connection);
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (CdcException failure)
        {
            throw TargetFailures.From(failure);
        }
    }
}
