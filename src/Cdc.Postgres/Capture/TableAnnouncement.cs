using Cdc.Engine.Failures;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Capture;

/// <summary>Tells the stream of tables that are there already and were not captured until now, as the event triggers
/// tell of a table that is made: wider patterns make no table, so no trigger fires.</summary>
/// <remarks>To be written before their rows are published. What nothing may come between, the definitions' reading and
/// the message, is done under a lock that keeps ALTER TABLE out and lets rows pass; nothing is waited for while it is
/// held.</remarks>
internal static class TableAnnouncement
{
    const int Attempts = 120;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <param name="prefix">Of the messages that the stream believes.</param>
    /// <param name="oids">Those that are gone are left out.</param>
    /// <exception cref="CdcException">SourceUnfit: one of them stays locked.</exception>
    public static async Task WriteAsync(
        NpgsqlConnection connection, string prefix, IReadOnlyCollection<uint> oids, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            var tables = await TableCatalog.ReadAsync(connection, oids, cancellationToken).ConfigureAwait(false);
            if (tables.IsEmpty) return;
            if (await TryAsync(connection, prefix, tables, cancellationToken).ConfigureAwait(false)) return;
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
        throw new CdcException(FailureKind.SourceUnfit,
            "A table that is to be captured from now on stays locked by VACUUM, CREATE INDEX or ALTER TABLE.",
            "Wait for that work, and run again.");
    }

    static async Task<bool> TryAsync(
        NpgsqlConnection connection, string prefix, IReadOnlyCollection<CatalogTable> tables,
        CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            try
            {
                string names = string.Join(", ", tables.Select(static t => "ONLY " + PostgresNames.Quote(t.Name)));
                await ControlConnections.ExecuteAsync(connection,
                    $"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT", cancellationToken)
                    .ConfigureAwait(false);
                await using NpgsqlCommand emit = new(Message, connection);
                emit.Parameters.Add(new()
                {
                    Value = tables.Select(static t => t.Oid).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid,
                });
                emit.Parameters.Add(new() { Value = prefix });
                await emit.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
            {
                return false;
            }
        }
    }

    // Parents come before their partitions.
    static string Message { get; } = $"""
        SELECT pg_catalog.pg_logical_emit_message(true, $2, pg_catalog.convert_to(
            pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
                'v', 1, 'tag', 'CREATE TABLE', 'path', '', 'tables', (SELECT pg_catalog.json_agg(
                    d.definition ORDER BY (SELECT GREATEST(pg_catalog.count(*), 1)
                        FROM pg_catalog.pg_partition_ancestors(d.oid)), d.oid)
                FROM ({DefinitionQuery.Text}) AS d)))::text,
            CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END))
        """;
}
