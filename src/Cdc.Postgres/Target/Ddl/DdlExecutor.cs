using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Runs DDL of the source in a target.</summary>
/// <remarks>
/// Everything happens in a transaction that the caller has begun and ends, so that record, statements and progress are
/// one. After a failure it must be rolled back. Blocks; one thread at a time. Errors: <see cref="CdcException"/>; those
/// of the connection itself are told as the connection tells them.
/// </remarks>
internal static class DdlExecutor
{
    const string ObjectInUse = "55P03";
    const string Deadlock = "40P01";

    /// <summary>Records the event and does it; does nothing if it is recorded already. A rival that does it now is
    /// waited for.</summary>
    public static BlockOutcome Execute(
        PgConnection connection, DdlEvent ddl, DdlOptions options, CancellationToken cancellation)
    {
        if (!Record(connection, ddl, options)) return BlockOutcome.AlreadyRecorded;
        DdlPlan plan = DdlPlan.Of(ddl, options.Mode);
        Run(connection, plan.Statements, options, cancellation, ddl.SearchPath);
        foreach (string sentence in plan.LeftUndone) options.Said(sentence);
        return BlockOutcome.Written;
    }

    /// <summary>Runs statements, all of them again where a lock can't be had in time.</summary>
    /// <param name="searchPath">Under which names in the user's own text are read.</param>
    public static void Run(
        PgConnection connection, IReadOnlyCollection<DdlStatement> statements, DdlOptions options,
        CancellationToken cancellation, string searchPath = "")
    {
        if (statements.Count == 0) return;
        connection.Query("SAVEPOINT cdc_ddl");
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            connection.Query(Invariant($"SET LOCAL lock_timeout = {(long)options.LockTimeout.TotalMilliseconds}"));
            StatementRun run = new(connection, searchPath);
            try
            {
                foreach (DdlStatement statement in statements) run.Execute(statement);
            }
            catch (CdcException failure) when (
                PgServerError.Of(failure) is { SqlState: ObjectInUse or Deadlock } && run.Current is { } waiting)
            {
                // What was done so far lets go of its locks, too: nobody waits for us longer than for one of them.
                connection.Query("ROLLBACK TO SAVEPOINT cdc_ddl");
                options.Waits($"{waiting.Does} of {waiting.Of} waits for {Holder(connection, waiting)}");
                continue;
            }
            connection.Query("SET LOCAL lock_timeout = 0; RELEASE SAVEPOINT cdc_ddl");
            foreach (string sentence in run.Said) options.Said(sentence);
            return;
        }
    }

    static bool Record(PgConnection connection, DdlEvent ddl, DdlOptions options)
    {
        CommitTs at = ddl.Stamp.Ts;
        string position = Invariant($"'{(uint)(at.Commit >> 32):X}/{(uint)at.Commit:X}'::pg_catalog.pg_lsn, {at.Step}");
        return connection.Query(
            "INSERT INTO cdc.ddl (changefeed, commit, step, tag, done_at) VALUES "
            + $"({PostgresNames.Literal(options.Changefeed)}, {position}, {PostgresNames.Literal(ddl.Tag)}, "
            + "pg_catalog.now()) ON CONFLICT DO NOTHING RETURNING 1").Count == 1;
    }

    static string Holder(PgConnection connection, DdlStatement waiting)
    {
        PgRows rows = connection.Query(
            "SELECT DISTINCT pid FROM pg_catalog.pg_locks WHERE granted AND pid <> pg_catalog.pg_backend_pid() "
            + $"AND relation IN ({TableStatements.Regclass(waiting.Of)}, "
            + $"{(waiting.Needs is { } other ? TableStatements.Regclass(other) : "NULL")}) ORDER BY pid");
        return rows.Count switch
        {
            0 => "a lock",
            1 => $"process {rows[0][0]}",
            _ => $"processes {string.Join(", ", rows.Select(static row => row[0]))}",
        };
    }

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
