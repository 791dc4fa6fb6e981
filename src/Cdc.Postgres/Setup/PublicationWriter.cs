using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Runs the steps of a <see cref="PublicationPlan"/> without ever standing in the application's way.</summary>
/// <remarks>
/// <para>ADD and DROP TABLE need SHARE UPDATE EXCLUSIVE on each table. That lock lets every SELECT, INSERT, UPDATE and
/// DELETE pass, also while we wait for it, and conflicts with VACUUM, CREATE INDEX and ALTER TABLE only.</para>
/// <para>A transaction that holds one lock and waits for another can be half of a deadlock, and the server might end
/// the other half. So the locks of a step are taken with NOWAIT, and only a step of a single table, which holds nothing
/// yet, may wait, for a short time: no cycle can go through us, and nobody's DDL stays long behind us.</para>
/// <para>The application and the event triggers go on meanwhile. Under the locks, which keep ALTER TABLE and the
/// triggers' own ALTER PUBLICATION of these tables out, it is looked again: what is already as it should be is left
/// out, and so is a table that is not what it was when the step was planned. Listing one that lost its key a moment ago
/// would make the application's UPDATE fail.</para>
/// </remarks>
internal sealed partial class PublicationWriter(NpgsqlConnection connection, TimeProvider clock, ILogger logger)
{
    const int Attempts = 40;
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
        Locked,
        Overtaken,
    }

    /// <summary>Runs the steps. False if something was no longer as it was when they were planned, and was left as it
    /// is: look again.</summary>
    public async Task<bool> RunAsync(IEnumerable<PublicationStep> steps, CancellationToken cancellationToken)
    {
        _isOvertaken = false;
        foreach (PublicationStep step in steps)
        {
            if (step.Locks.IsEmpty) await SetAsync(step, cancellationToken).ConfigureAwait(false);
            else if (await TryAsync(step, step.Locks, "NOWAIT", cancellationToken).ConfigureAwait(false)
                != Outcome.Done)
            {
                foreach ((uint Oid, TableName Name) table in step.Locks)
                    await OneAsync(step, table, cancellationToken).ConfigureAwait(false);
            }
        }
        return !_isOvertaken;
    }

    async Task SetAsync(PublicationStep step, CancellationToken cancellationToken)
    {
        try
        {
            await ControlConnections.ExecuteAsync(connection, step.Sql, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (Overtaken.Contains(error.SqlState))
        {
            _isOvertaken = true;
        }
    }

    async Task OneAsync(PublicationStep step, (uint Oid, TableName Name) table, CancellationToken cancellationToken)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            Outcome outcome = await TryAsync(step, [table], "", cancellationToken).ConfigureAwait(false);
            _isOvertaken |= outcome == Outcome.Overtaken;
            if (outcome != Outcome.Locked) return;
            LogLocked(logger, table.Name, attempt);
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
        throw new CdcException(FailureKind.SourceUnfit,
            $"Table {table.Name} stays locked by VACUUM, CREATE INDEX or ALTER TABLE, so it can't be published.",
            $"Wait for that work, or run {step.StatementFor([table])}");
    }

    async Task<Outcome> TryAsync(
        PublicationStep step, IReadOnlyList<(uint Oid, TableName Name)> tables, string wait,
        CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            try
            {
                string names = string.Join(", ", tables.Select(static t => "ONLY " + PostgresNames.Quote(t.Name)));
                await ControlConnections.ExecuteAsync(connection,
                    $"SET LOCAL lock_timeout = '500ms'; LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE {wait}",
                    cancellationToken).ConfigureAwait(false);
                List<(uint, TableName)> left = await LeftAsync(step, tables, cancellationToken).ConfigureAwait(false);
                if (left.Count > 0)
                {
                    await ControlConnections.ExecuteAsync(connection, step.StatementFor(left), cancellationToken)
                        .ConfigureAwait(false);
                }
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return Outcome.Done;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                return Outcome.Locked;
            }
            catch (PostgresException error) when (Overtaken.Contains(error.SqlState))
            {
                return Outcome.Overtaken;
            }
        }
    }

    /// <summary>Those that the statement is still right for, and that are not yet as it would make them.</summary>
    async Task<List<(uint Oid, TableName Name)>> LeftAsync(
        PublicationStep step, IReadOnlyList<(uint Oid, TableName Name)> tables, CancellationToken cancellationToken)
    {
        var now = await TableCatalog.ReadAsync(connection, [.. tables.Select(static t => t.Oid)], cancellationToken)
            .ConfigureAwait(false);
        var publications = await PublicationFacts.ReadAsync(
            connection, SlotFacts.LikeExactly(step.Publication), cancellationToken).ConfigureAwait(false);
        PublicationFacts? publication = publications.FirstOrDefault();
        List<(uint, TableName)> left = [];
        foreach ((uint oid, TableName name) in tables)
        {
            if (publication is not null && publication.Tables.Contains(oid) == step.Adds) continue;
            CatalogTable? table = now.FirstOrDefault(t => t.Oid == oid);
            bool isAsPlanned = table is { IsLogged: true } && table.Name == name
                && (step.CanUpdate is null || table.CanUpdate == step.CanUpdate);
            if (isAsPlanned) left.Add((oid, name));
            else _isOvertaken = true;
        }
        return left;
    }
}
