using System.Globalization;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>What one query says about the server and about our role on it.</summary>
internal sealed record ServerFacts
{
    public required int Version { get; init; }
    public required string VersionText { get; init; }
    public required string System { get; init; }
    public required uint Timeline { get; init; }
    public required string Database { get; init; }
    public required string Role { get; init; }
    public required string WalLevel { get; init; }
    public required bool IsStandby { get; init; }
    public required int SlotsMax { get; init; }
    public required int SlotsUsed { get; init; }
    public required int SendersMax { get; init; }
    public required int SendersUsed { get; init; }
    public required bool MayReplicate { get; init; }
    public required bool MayCreate { get; init; }
    public required ulong LogEnd { get; init; }

    /// <summary>Somebody stands between us and the server: the process that answers is not the one that greeted
    /// us.</summary>
    public required bool IsPooled { get; init; }

    public int Major => Version / 10_000;

    public SourceIdentity Identity => new("postgres", System, Database, Timeline);

    public static async Task<ServerFacts> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Query, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new()
        {
            Version = row.GetInt32(0),
            VersionText = row.GetString(1),
            System = row.GetInt64(2).ToString(CultureInfo.InvariantCulture),
            Timeline = (uint)row.GetInt32(3),
            Database = row.GetString(4),
            Role = row.GetString(5),
            WalLevel = row.GetString(6),
            IsStandby = row.GetBoolean(7),
            SlotsMax = row.GetInt32(8),
            SlotsUsed = (int)row.GetInt64(9),
            SendersMax = row.GetInt32(10),
            SendersUsed = (int)row.GetInt64(11),
            MayReplicate = row.GetBoolean(12),
            MayCreate = row.GetBoolean(13),
            LogEnd = (ulong)row.GetDecimal(14),
            IsPooled = row.GetInt32(15) != connection.ProcessID,
        };
    }

    // The control file's timeline is old until the first checkpoint after a promotion; a log file's name is not.
    // rds_replication stands for the attribute where no one can have it.
    const string Query = """
        SELECT pg_catalog.current_setting('server_version_num')::int4,
            pg_catalog.current_setting('server_version'),
            (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c),
            CASE WHEN pg_catalog.pg_is_in_recovery()
                THEN (SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() c)
                ELSE ('x' || pg_catalog.substr(
                    pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int4
            END,
            pg_catalog.current_database()::text,
            current_user::text,
            pg_catalog.current_setting('wal_level'),
            pg_catalog.pg_is_in_recovery(),
            pg_catalog.current_setting('max_replication_slots')::int4,
            (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots),
            pg_catalog.current_setting('max_wal_senders')::int4,
            (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication),
            (SELECT r.rolsuper OR r.rolreplication FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
                OR COALESCE((SELECT pg_catalog.pg_has_role(r.oid, 'MEMBER') FROM pg_catalog.pg_roles r
                    WHERE r.rolname = 'rds_replication'), false),
            pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END - '0/0'::pg_lsn,
            pg_catalog.pg_backend_pid()
        """;
}
