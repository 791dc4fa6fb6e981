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
/// <para>Under the lock, which keeps ALTER TABLE out, it is looked again whether each table's updates can be published:
/// listing one that lost its key a moment ago would make the application's UPDATE fail.</para>
/// </remarks>
internal sealed partial class PublicationWriter(NpgsqlConnection connection, TimeProvider clock, ILogger logger)
{
    const int Attempts = 40;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public async Task RunAsync(IEnumerable<PublicationStep> steps, CancellationToken cancellationToken)
    {
        foreach (PublicationStep step in steps)
        {
            if (step.Locks.IsEmpty)
            {
                await ControlConnections.ExecuteAsync(connection, step.Sql, cancellationToken).ConfigureAwait(false);
            }
            else if (!await TryAsync(step, step.Locks, "NOWAIT", cancellationToken).ConfigureAwait(false))
            {
                foreach ((uint Oid, TableName Name) table in step.Locks)
                    await OneAsync(step, table, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    async Task OneAsync(PublicationStep step, (uint Oid, TableName Name) table, CancellationToken cancellationToken)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await TryAsync(step, [table], "", cancellationToken).ConfigureAwait(false)) return;
            LogLocked(logger, table.Name, attempt);
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
        throw new CdcException(FailureKind.SourceUnfit,
            $"Table {table.Name} stays locked by VACUUM, CREATE INDEX or ALTER TABLE, so it can't be published.",
            $"Wait for that work, or run {step.StatementFor([table])}");
    }

    async Task<bool> TryAsync(
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
                await CheckAsync(step, tables, cancellationToken).ConfigureAwait(false);
                await ControlConnections.ExecuteAsync(connection, step.StatementFor(tables), cancellationToken)
                    .ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                return false;
            }
        }
    }

    async Task CheckAsync(
        PublicationStep step, IReadOnlyList<(uint Oid, TableName Name)> tables, CancellationToken cancellationToken)
    {
        var now = await TableCatalog.ReadAsync(connection, [.. tables.Select(static t => t.Oid)], cancellationToken)
            .ConfigureAwait(false);
        foreach ((uint oid, TableName name) in tables)
        {
            CatalogTable? table = now.FirstOrDefault(t => t.Oid == oid);
            if (table is not null && table.Name == name && (table.CanUpdate || !step.NeedsKey)) continue;
            throw new CdcException(FailureKind.SourceUnfit,
                $"Table {name} was altered while it was being published.", "Run again.");
        }
    }
}
