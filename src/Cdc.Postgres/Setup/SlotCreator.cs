using System.Globalization;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>A slot just made, with the snapshot that belongs to it.</summary>
/// <param name="ConsistentPoint">The snapshot holds exactly the transactions that end at or before it.</param>
/// <param name="SnapshotName">Valid until the connection that made it does anything else.</param>
internal sealed record CreatedSlot(ulong ConsistentPoint, string SnapshotName);

/// <summary>Makes a slot on a replication connection, and says meanwhile whom the server waits for.</summary>
/// <remarks>The server waits for every transaction that is older than the slot, without a word and without a
/// limit.</remarks>
internal sealed partial class SlotCreator(
    ControlConnections connections, TimeProvider clock, ILogger logger, Action<string> doing)
{
    const int FailoverSince = 17;
    static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    public static string Command(string slot, bool temporary, ServerFacts server)
    {
        string name = PostgresNames.Quote(slot);
        if (temporary) return $"CREATE_REPLICATION_SLOT {name} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT";
        // A standby can't make a slot that its own standbys follow, and before 17 no server can.
        return server.Major >= FailoverSince && !server.IsStandby
            ? $"CREATE_REPLICATION_SLOT {name} LOGICAL pgoutput (SNAPSHOT 'export', FAILOVER true)"
            : $"CREATE_REPLICATION_SLOT {name} LOGICAL pgoutput EXPORT_SNAPSHOT";
    }

    public async Task<CreatedSlot> CreateAsync(
        PgConnection replication, string slot, bool temporary, ServerFacts server, CancellationToken cancellationToken)
    {
        string command = Command(slot, temporary, server);
        using CancellationTokenRegistration ending = cancellationToken.Register(replication.Cancel);
        using CancellationTokenSource created = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watching = WatchAsync(replication.BackendProcessId, slot, created.Token);
        try
        {
            PgRows rows = await Task.Factory.StartNew(
                () => replication.Query(command), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default).ConfigureAwait(false);
            return new(ParseLsn(rows["consistent_point"]), rows["snapshot_name"] ?? "");
        }
        catch (CdcException failure) when (PgServerError.Of(failure)?.SqlState == PostgresErrorCodes.DuplicateObject)
        {
            throw new CdcException(FailureKind.PositionUnknown, $"Slot {slot} exists already.",
                $"SELECT pg_drop_replication_slot({PostgresNames.Literal(slot)}); or choose another --name.", failure);
        }
        catch (OperationCanceledException)
        {
            await EndWaitAsync(replication.BackendProcessId).ConfigureAwait(false);
            throw;
        }
        finally
        {
            await created.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The server does not look whether we are still there while it waits, and would keep the half-made slot.
    async Task EndWaitAsync(int pid)
    {
        try
        {
            await connections.RunAsync(pid, static async (pid, connection, token) =>
            {
                await ControlConnections.ExecuteAsync(connection, SlotFacts.TerminateStatement(pid), token)
                    .ConfigureAwait(false);
                return 0;
            }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CdcException)
        {
            // It ends when the transactions do that it waits for.
        }
    }

    public static ulong ParseLsn(string? text)
    {
        string[] halves = (text ?? "").Split('/');
        if (halves.Length == 2
            && uint.TryParse(halves[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint high)
            && uint.TryParse(halves[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint low))
        {
            return ((ulong)high << 32) | low;
        }
        throw new CdcException(FailureKind.ProtocolViolation, "The server named no position for a new slot.");
    }

    async Task WatchAsync(int pid, string slot, CancellationToken cancellationToken)
    {
        string last = "";
        while (true)
        {
            await Task.Delay(Watch, clock, cancellationToken).ConfigureAwait(false);
            string blocker = await connections.RunAsync(pid, BlockerAsync, cancellationToken).ConfigureAwait(false);
            doing(blocker.Length == 0 ? "making the slot" : $"making the slot: waiting for {blocker}");
            if (blocker.Length > 0 && blocker != last) LogWaiting(logger, slot, blocker);
            last = blocker;
        }
    }

    // Whoever started first is who keeps us longest. A prepared transaction has no process.
    static async Task<string> BlockerAsync(int pid, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("""
            SELECT b.pid, pg_catalog.to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS'), a.usename::text
            FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) AS b(pid)
            LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
            ORDER BY a.xact_start NULLS LAST LIMIT 1
            """, connection);
        command.Parameters.Add(new() { Value = pid });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false)) return "";
        int blocker = row.GetInt32(0);
        if (blocker == 0) return "a prepared transaction (see pg_prepared_xacts)";
        string who = row.IsDBNull(2) ? "" : $" of role {row.GetString(2)}";
        string since = row.IsDBNull(1) ? "" : $", open since {row.GetString(1)} UTC";
        return string.Create(CultureInfo.InvariantCulture, $"the transaction of process {blocker}{who}{since}");
    }
}
