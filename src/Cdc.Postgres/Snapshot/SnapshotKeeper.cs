using System.Collections.Immutable;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Snapshot;

/// <summary>A transaction that holds the snapshot open, and hands it on under a name of its own.</summary>
/// <remarks>The connection that made the slot is free as soon as this one has the snapshot: it may stream or close, and
/// the slot's own snapshot with it. What is read here is what the snapshot sees, catalogs included.</remarks>
internal sealed class SnapshotKeeper : IAsyncDisposable
{
    readonly NpgsqlConnection _connection;

    SnapshotKeeper(NpgsqlConnection connection, string name, long time) =>
        (_connection, Name, Time) = (connection, name, time);

    /// <summary>Valid as long as this object.</summary>
    public string Name { get; }

    /// <summary>The server's clock when the snapshot was taken over, in microseconds since 1970.</summary>
    public long Time { get; }

    public NpgsqlConnection Connection => _connection;

    public static async Task<SnapshotKeeper> TakeAsync(
        ControlConnections connections, string exported, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await connections.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ControlConnections.ExecuteAsync(connection, Begin(exported), cancellationToken).ConfigureAwait(false);
            await using NpgsqlCommand export = new("""
                SELECT pg_catalog.pg_export_snapshot(),
                    (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::int8
                """, connection);
            await using NpgsqlDataReader row = await export.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await row.ReadAsync(cancellationToken).ConfigureAwait(false);
            return new(connection, row.GetString(0), row.GetInt64(1));
        }
        catch (Exception error)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (ControlFailures.IsExpected(error)) throw ControlFailures.From(error, connections.Endpoint);
            throw;
        }
    }

    /// <summary>The statements that begin a transaction which sees what the snapshot sees.</summary>
    public static string Begin(string snapshot) =>
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
        + $"SET TRANSACTION SNAPSHOT {PostgresNames.Literal(snapshot)}";

    /// <summary>Sizes of tables: their own pages, and all. Asked on another connection and not for long, since a size
    /// waits for the table's lock; whatever can't be had now is left out.</summary>
    public static async Task<ImmutableDictionary<uint, (long Main, long All)>> SizesAsync(
        ControlConnections connections, uint[] oids, CancellationToken cancellationToken)
    {
        var sizes = ImmutableDictionary.CreateBuilder<uint, (long, long)>();
        await connections.RunAsync((oids, sizes), ReadSizesAsync, cancellationToken).ConfigureAwait(false);
        return sizes.ToImmutable();
    }

    static async Task<int> ReadSizesAsync(
        (uint[] Oids, ImmutableDictionary<uint, (long, long)>.Builder Sizes) state, NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        await ControlConnections.ExecuteAsync(connection, "SET lock_timeout = '500ms'", cancellationToken)
            .ConfigureAwait(false);
        await using NpgsqlCommand command = new("""
            SELECT o.oid, pg_catalog.pg_relation_size(o.oid), pg_catalog.pg_table_size(o.oid)
            FROM pg_catalog.unnest($1) AS o(oid)
            """, connection);
        command.Parameters.Add(new() { Value = state.Oids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
        try
        {
            await using NpgsqlDataReader row =
                await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!row.IsDBNull(1)) state.Sizes[row.GetFieldValue<uint>(0)] = (row.GetInt64(1), row.GetInt64(2));
            }
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Estimates do for the tables behind the locked one.
        }
        return state.Sizes.Count;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
