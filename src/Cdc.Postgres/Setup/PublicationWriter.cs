using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Runs the steps of a <see cref="PublicationPlan"/> without ever standing in the application's way.</summary>
/// <remarks>
/// <para>ADD and DROP TABLE need SHARE UPDATE EXCLUSIVE on each table. That lock lets every SELECT, INSERT, UPDATE and
/// DELETE pass, also while we wait for it, and conflicts with VACUUM, CREATE INDEX and ALTER TABLE only.</para>
/// <para>A transaction that holds one lock and waits for another can be half of a deadlock, and the server might end
/// the other half. So the locks of a step are taken with NOWAIT, and only a step of a single table, which holds nothing
/// yet, may wait, for a short time: no cycle can go through us, and nobody's DDL stays long behind us. The publication
/// itself, which an open transaction holds that added to it, is waited for in moments too short for the server to look
/// for cycles; what is to be added goes to a spare then.</para>
/// <para>The application and the event triggers go on meanwhile. Under the locks, which keep ALTER TABLE and the
/// triggers' own ALTER PUBLICATION of these tables out, it is looked again: what is already as it should be is left
/// out, and so is a table that is not what it was when the step was planned. Listing one that lost its key a moment ago
/// would make the application's UPDATE fail.</para>
/// </remarks>
internal sealed partial class PublicationWriter(NpgsqlConnection connection, TimeProvider clock, ILogger logger)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    // What somebody else did between our look and our statement: listed it, made it, took it away.
    static readonly HashSet<string> Overtaken =
    [
        PostgresErrorCodes.DuplicateObject, PostgresErrorCodes.UniqueViolation, PostgresErrorCodes.UndefinedObject,
        PostgresErrorCodes.UndefinedTable, PostgresErrorCodes.InvalidSchemaName,
    ];

    bool _isOvertaken;

    enum Outcome
    {
        Done,

        /// <summary>A table is locked.</summary>
        Locked,

        /// <summary>Another transaction holds the publication.</summary>
        Held,
        Overtaken,
    }

    /// <summary>Runs the steps. False if something was no longer as it was when they were planned, and was left as it
    /// is: look again.</summary>
    public async Task<bool> RunAsync(IEnumerable<PublicationStep> steps, CancellationToken cancellationToken)
    {
        _isOvertaken = false;
        foreach (PublicationStep step in steps) await StepAsync(step, cancellationToken).ConfigureAwait(false);
        return !_isOvertaken;
    }

    async Task StepAsync(PublicationStep step, CancellationToken cancellationToken)
    {
        Outcome outcome = await TryAsync(step, step.Locks, "NOWAIT", cancellationToken).ConfigureAwait(false);
        if (outcome == Outcome.Done) return;
        if (step.Locks.IsEmpty) await OneAsync(step, [], cancellationToken).ConfigureAwait(false);
        foreach ((uint Oid, TableName Name) table in step.Locks)
        {
            if (outcome == Outcome.Held && step.From is not null) return;
            outcome = await OneAsync(step, [table], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One table, or what takes none.</summary>
    async Task<Outcome> OneAsync(
        PublicationStep step, (uint Oid, TableName Name)[] table, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            Outcome outcome = await TryAsync(
                step, table, step.From is null ? "" : "NOWAIT", cancellationToken).ConfigureAwait(false);
            for (int i = 0; outcome == Outcome.Held && i < step.Instead.Length; i++)
            {
                PublicationStep instead = step with { Publication = step.Instead[i] };
                outcome = await TryAsync(instead, table, "", cancellationToken).ConfigureAwait(false);
            }
            _isOvertaken |= outcome == Outcome.Overtaken;
            if (outcome is Outcome.Done or Outcome.Overtaken || step.From is not null) return outcome;
            string what = outcome == Outcome.Held ? $"Publication {step.Publication}" : $"Table {table[0].Name}";
            LogLocked(logger, what, attempt);
            if (clock.GetElapsedTime(started) > Patience) throw Stuck(step, table, what);
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    static CdcException Stuck(PublicationStep step, (uint Oid, TableName Name)[] table, string what) => new(
        FailureKind.SourceUnfit, table.Length > 0 && what.StartsWith("Table", StringComparison.Ordinal)
            ? $"{what} stays locked by VACUUM, CREATE INDEX or ALTER TABLE, so it can't be published."
            : $"{what} stays locked by an open transaction that makes tables or takes keys, so it can't be altered.",
        $"Wait for that work, or run {step.StatementFor(table)}");

    async Task<Outcome> TryAsync(
        PublicationStep step, IReadOnlyList<(uint Oid, TableName Name)> tables, string wait,
        CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            Outcome locked = Outcome.Locked;
            try
            {
                if (tables.Count > 0) await LockAsync(tables, wait, cancellationToken).ConfigureAwait(false);
                PublicationLook look = await PublicationLook.AtAsync(connection, step, tables, cancellationToken)
                    .ConfigureAwait(false);
                _isOvertaken |= look.IsOvertaken;
                locked = Outcome.Held;
                foreach (string statement in look.Statements)
                {
                    await ControlConnections.ExecuteAsync(
                        connection, $"SET LOCAL lock_timeout = '20ms'; {statement}", cancellationToken)
                        .ConfigureAwait(false);
                }
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return Outcome.Done;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                return locked;
            }
            catch (PostgresException error) when (Overtaken.Contains(error.SqlState))
            {
                return Outcome.Overtaken;
            }
        }
    }

    Task LockAsync(
        IEnumerable<(uint Oid, TableName Name)> tables, string wait, CancellationToken cancellationToken)
    {
        string names = string.Join(", ", tables.Select(static t => "ONLY " + PostgresNames.Quote(t.Name)));
        return ControlConnections.ExecuteAsync(connection,
            $"SET LOCAL lock_timeout = '500ms'; LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE {wait}",
            cancellationToken);
    }
}
