using System.Text;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Writes transactional messages into the log: they need no table and no privilege.</summary>
internal static class LogMarks
{
    public const string Heartbeat = "cdc.heartbeat";
    public const string Mark = "cdc.mark";

    /// <summary>Moves an idle log on. Waits for nobody: not for the disk, nor for a standby that is
    /// synchronous.</summary>
    public static Task BeatAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        EmitAsync(connection, Heartbeat, name, "off", cancellationToken);

    /// <summary>Writes a marker and returns the position of its message.</summary>
    /// <remarks>The message lies behind every commit that was there when the call began, and before its own
    /// transaction's commit. So everything committed before the call is at or before the position, and the stream
    /// passes it when it meets the marker's commit, also at a server that writes nothing else.</remarks>
    public static async Task<CommitTs> MarkAsync(
        NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        CommitTs.End(await EmitAsync(connection, Mark, name, "local", cancellationToken).ConfigureAwait(false));

    public static async Task<bool> CanWriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("SELECT pg_catalog.pg_is_in_recovery()", connection);
        return !(bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static async Task<ulong> EmitAsync(
        NpgsqlConnection connection, string prefix, string content, string synchronous,
        CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ControlConnections.ExecuteAsync(
                connection, $"SET LOCAL synchronous_commit = {synchronous}", cancellationToken).ConfigureAwait(false);
            await using NpgsqlCommand emit = new(
                "SELECT pg_catalog.pg_logical_emit_message(true, $1, $2) - '0/0'::pg_lsn", connection);
            emit.Parameters.Add(new() { Value = prefix });
            emit.Parameters.Add(new() { Value = Encoding.UTF8.GetBytes(content) });
            object? lsn = await emit.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return (ulong)(decimal)lsn!;
        }
    }
}
