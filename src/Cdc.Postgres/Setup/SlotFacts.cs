using System.Collections.Immutable;
using System.Globalization;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>One replication slot as the server shows it.</summary>
/// <param name="Confirmed">What its reader said the server may forget; an end position.</param>
/// <param name="RetainedBytes">How much of the log it keeps from being removed; 0 if it holds none.</param>
/// <param name="WalStatus"><c>reserved</c>, <c>extended</c>, <c>unreserved</c> or <c>lost</c>.</param>
/// <param name="ActivePid">The process that reads it now, or 0.</param>
public sealed record SlotFacts(
    string Name, string Plugin, string Database, bool IsTemporary, int ActivePid, ulong Confirmed, long RetainedBytes,
    string WalStatus, bool IsLost)
{
    internal HeldPosition ToPosition() => new(
        IsLost ? PositionState.Lost : ActivePid != 0 ? PositionState.Busy : PositionState.Held,
        Name,
        CommitTs.End(Confirmed),
        ActivePid == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"process {ActivePid}"),
        ActivePid == 0 ? null : TerminateStatement(ActivePid));

    internal static string TerminateStatement(int pid) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT pg_terminate_backend({pid});");

    /// <summary>The slots whose names match a LIKE pattern.</summary>
    internal static async Task<ImmutableArray<SlotFacts>> ReadAsync(
        NpgsqlConnection connection, string pattern, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Query, connection);
        command.Parameters.Add(new() { Value = pattern });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        ImmutableArray<SlotFacts>.Builder slots = ImmutableArray.CreateBuilder<SlotFacts>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            slots.Add(new(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3), row.GetInt32(4),
                (ulong)row.GetDecimal(5), (long)row.GetDecimal(6), row.GetString(7), row.GetBoolean(8)));
        }
        return slots.DrainToImmutable();
    }

    /// <summary>The slot of this name, or null.</summary>
    internal static async Task<SlotFacts?> FindAsync(
        NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        (await ReadAsync(connection, LikeExactly(name), cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    /// <summary>A LIKE pattern that matches this text only.</summary>
    internal static string LikeExactly(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal);

    // An invalidated slot has no restart_lsn, whatever the reason; wal_status alone names only some of them.
    const string Query = """
        SELECT s.slot_name::text, COALESCE(s.plugin::text, ''), COALESCE(s.database::text, ''), s.temporary,
            COALESCE(s.active_pid, 0),
            COALESCE(s.confirmed_flush_lsn, '0/0'::pg_lsn) - '0/0'::pg_lsn,
            COALESCE(GREATEST(
                CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                    ELSE pg_catalog.pg_current_wal_lsn() END - s.restart_lsn, 0), 0),
            COALESCE(s.wal_status, ''),
            COALESCE(s.wal_status = 'lost', false) OR (s.restart_lsn IS NULL AND s.confirmed_flush_lsn IS NOT NULL)
        FROM pg_catalog.pg_replication_slots s
        WHERE s.slot_name::text LIKE $1
        ORDER BY 1
        """;
}
