using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>What <c>cdc drop</c> would run, or ran.</summary>
/// <param name="Statements">Each statement, in order. Empty: nothing of ours is there.</param>
/// <param name="Busy">Slots that a process reads right now.</param>
/// <param name="Refusal">What our role may not do of it; null: it may do all.</param>
public sealed record CleanupPlan(
    ImmutableArray<string> Statements, ImmutableArray<SlotFacts> Busy, Problem? Refusal = null);

/// <summary>Removes what changefeeds leave in a source. Needs no state; doing it twice is harmless.</summary>
public sealed class PostgresCleanup(PostgresAddress address, TimeProvider clock) : IAsyncDisposable
{
    static readonly TimeSpan ReaderEnds = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    readonly ControlConnections _connections = new(address);

    /// <summary>The statements, in order: readers ended (if forced), slots, publications. Changes nothing.</summary>
    /// <param name="name">One changefeed; null: every slot of this database and every publication that begins with
    /// cdc_.</param>
    public async Task<CleanupPlan> PlanAsync(string? name, CancellationToken cancellationToken) =>
        ToPlan(await FindAsync(name, cancellationToken).ConfigureAwait(false), force: false);

    /// <summary>Runs the statements and returns them. What can't be done whole is refused, and nothing is
    /// changed.</summary>
    /// <param name="force">End the process that reads a slot; otherwise such a slot is refused.</param>
    /// <exception cref="CdcException"><see cref="FailureKind.PositionBusy"/>: a slot is being read.
    /// <see cref="FailureKind.SourceUnfit"/>: our role may not run all of the statements.</exception>
    public async Task<CleanupPlan> RunAsync(string? name, bool force, CancellationToken cancellationToken)
    {
        Found found = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        CleanupPlan plan = ToPlan(found, force);
        if (!force && plan.Busy.Length > 0)
        {
            SlotFacts busy = plan.Busy[0];
            throw new CdcException(FailureKind.PositionBusy,
                $"Slot {busy.Name} is being read by process {busy.ActivePid}; nothing was dropped.",
                "Stop that reader first, or use --force, which ends it.");
        }
        if (plan.Refusal is { } refusal) throw refusal.ToException();
        await _connections.RunAsync((this, found), static async (state, connection, token) =>
        {
            await state.Item1.RunAsync(state.found, connection, token).ConfigureAwait(false);
            return 0;
        }, cancellationToken).ConfigureAwait(false);
        return plan;
    }

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    async Task RunAsync(Found found, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (SlotFacts slot in found.Slots)
        {
            if (slot.ActivePid > 0) await EndReaderAsync(slot, connection, cancellationToken).ConfigureAwait(false);
            await ControlConnections.ExecuteAsync(connection, DropSlot(slot.Name), cancellationToken)
                .ConfigureAwait(false);
        }
        foreach (PublicationFacts publication in found.Publications)
        {
            await ControlConnections.ExecuteAsync(connection, DropPublication(publication.Name), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    // A reader that has ended leaves the slot a moment later than the statement that ends it returns.
    async Task EndReaderAsync(SlotFacts slot, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        await ControlConnections.ExecuteAsync(connection, SlotFacts.TerminateStatement(slot.ActivePid),
            cancellationToken)
            .ConfigureAwait(false);
        while (await SlotFacts.FindAsync(connection, slot.Name, cancellationToken).ConfigureAwait(false)
            is { ActivePid: > 0 } still && clock.GetElapsedTime(started) < ReaderEnds)
        {
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    Task<Found> FindAsync(string? name, CancellationToken cancellationToken) =>
        _connections.RunAsync(name, static async (name, connection, token) =>
        {
            string pattern = SlotFacts.LikeExactly(PostgresNames.Prefix) + "%";
            ImmutableArray<SlotFacts> slots =
                await SlotFacts.ReadAsync(connection, pattern, token).ConfigureAwait(false);
            ImmutableArray<PublicationFacts> publications =
                await PublicationFacts.ReadAsync(connection, pattern, token).ConfigureAwait(false);
            PostgresNames? names = name is null ? null : new(name);
            string database = connection.Database;
            ImmutableArray<SlotFacts> ours = [.. slots.Where(s => s.Database == database && IsOf(names, s.Name))];
            return new Found(ours, [.. publications.Where(p => IsOf(names, p.Name))],
                await CleanupRights.ReadAsync(connection, ours, token).ConfigureAwait(false));
        }, cancellationToken);

    static bool IsOf(PostgresNames? names, string name) =>
        names is null || name == names.Slot || name == names.CopySlot || name == names.InsertOnly;

    static CleanupPlan ToPlan(Found found, bool force)
    {
        ImmutableArray<SlotFacts> busy = [.. found.Slots.Where(static s => s.ActivePid > 0)];
        ImmutableArray<string> statements =
        [
            .. force ? busy.Select(static s => SlotFacts.TerminateStatement(s.ActivePid)) : [],
            .. found.Slots.Select(static s => DropSlot(s.Name)),
            .. found.Publications.Select(static p => DropPublication(p.Name)),
        ];
        return new(statements, busy, found.Rights.Refusal(found.Slots, found.Publications, force, statements));
    }

    // Written so that it is no error if the slot is gone, temporary ones with their reader.
    static string DropSlot(string name) =>
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = "
        + $"{PostgresNames.Literal(name)};";

    static string DropPublication(string name) => $"DROP PUBLICATION IF EXISTS {PostgresNames.Quote(name)};";

    sealed record Found(
        ImmutableArray<SlotFacts> Slots, ImmutableArray<PublicationFacts> Publications, CleanupRights Rights);
}
