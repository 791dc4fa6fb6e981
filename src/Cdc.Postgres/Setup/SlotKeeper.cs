using System.Globalization;
using Cdc.Engine.Failures;
using Cdc.Engine.Sources;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Waits for a slot to be free or to have moved, and drops it.</summary>
internal sealed class SlotKeeper(
    ControlConnections connections, string slot, TimeSpan patience, TimeProvider clock, Action<string> doing)
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan MovePatience = TimeSpan.FromSeconds(5);

    int _maker;

    public string Name => slot;

    /// <summary>A connection of ours is about to make the slot.</summary>
    public void MadeBy(int processId) => _maker = processId;

    /// <summary>Waits, naming the reader, while another process reads the slot.</summary>
    /// <exception cref="CdcException"><see cref="FailureKind.PositionBusy"/>, with the statement that ends the
    /// reader.</exception>
    public async Task WaitUntilFreeAsync(CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        while (await FindAsync(cancellationToken).ConfigureAwait(false) is { ActivePid: > 0 } busy)
        {
            HeldPosition position = busy.ToPosition();
            doing($"waiting for slot {slot}, which {position.BusyWith} uses");
            if (clock.GetElapsedTime(started) >= patience)
            {
                throw new CdcException(FailureKind.PositionBusy,
                    string.Create(CultureInfo.InvariantCulture,
                        $"Slot {slot} is in use by {position.BusyWith} for longer than {patience.TotalSeconds:0} s."),
                    $"Stop that reader, or on the server: {position.Statement}");
            }
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Drops the slot if it is there, waiting for its reader to end. One that a connection of ours made which
    /// we have lost is not waited for: the server may notice that hours later.</summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        if (_maker != 0) await EndMakerAsync(cancellationToken).ConfigureAwait(false);
        await WaitUntilFreeAsync(cancellationToken).ConfigureAwait(false);
        await connections.RunAsync(slot, static async (slot, connection, cancellationToken) =>
        {
            await using NpgsqlCommand drop = new("""
                SELECT pg_catalog.pg_drop_replication_slot(s.slot_name)
                FROM pg_catalog.pg_replication_slots s WHERE s.slot_name::text = $1
                """, connection);
            drop.Parameters.Add(new() { Value = slot });
            return await drop.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the server shows that it took the last confirmation. False if it does not in
    /// time.</summary>
    public async Task<bool> WaitUntilConfirmedAsync(ulong position, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        while (true)
        {
            SlotFacts? found = await FindAsync(cancellationToken).ConfigureAwait(false);
            if (found is null || found.Confirmed >= position) return true;
            if (clock.GetElapsedTime(started) >= MovePatience) return false;
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    Task<int> EndMakerAsync(CancellationToken cancellationToken) => connections.RunAsync(
        (slot, _maker), static async (lost, connection, token) =>
        {
            await using NpgsqlCommand end = new("""
                SELECT pg_catalog.pg_terminate_backend(s.active_pid)
                FROM pg_catalog.pg_replication_slots s WHERE s.slot_name::text = $1 AND s.active_pid = $2
                """, connection);
            end.Parameters.Add(new() { Value = lost.slot });
            end.Parameters.Add(new() { Value = lost._maker });
            return await end.ExecuteNonQueryAsync(token).ConfigureAwait(false);
        }, cancellationToken);

    Task<SlotFacts?> FindAsync(CancellationToken cancellationToken) => connections.RunAsync(
        slot, static (slot, connection, token) => SlotFacts.FindAsync(connection, slot, token), cancellationToken);
}
