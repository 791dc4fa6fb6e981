using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Postgres.Capture;
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

    /// <summary>The statements, in order: event triggers, readers ended (if forced), slots, publications. Changes
    /// nothing.</summary>
    /// <param name="name">One changefeed; null: every one of this database, known by names that begin with
    /// cdc_, and left alone if another tool's: slots of other plugins, publications without their pair and their
    /// slot.</param>
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
        await CaptureWriter.RunAsync(connection, found.Capture, cancellationToken).ConfigureAwait(false);
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
            // Spares first: by the others all are known, if this ends before it is done.
            ImmutableArray<PublicationFacts> publications =
            [
                .. (await PublicationFacts.ReadAsync(connection, pattern, token).ConfigureAwait(false))
                    .OrderBy(static p => !PostgresNames.IsSpare(p.Name)),
            ];
            PostgresNames? names = name is null ? null : new(name);
            string database = connection.Database;
            ImmutableArray<SlotFacts> ours =
            [
                .. slots.Where(s => s.Database == database && s.Plugin == PostgresNames.Plugin
                    && (names is null || s.Name == names.Slot || s.Name == names.CopySlot)),
            ];
            return new Found(ours, [.. publications.Where(p => IsOurs(names, p, publications, ours))],
                await CleanupRights.ReadAsync(connection, ours, token).ConfigureAwait(false),
                await CaptureRemains.StatementsAsync(connection, name, token).ConfigureAwait(false));
        }, cancellationToken);

    // Others may begin their names as we do. Ours come in pairs, or with our slot where one of the pair is gone.
    static bool IsOurs(
        PostgresNames? names, PublicationFacts publication, ImmutableArray<PublicationFacts> all,
        ImmutableArray<SlotFacts> slots)
    {
        if (names is not null) return names.Publications.Contains(publication.Name);
        return !publication.IsForeign && all.Where(static other => !other.IsForeign).Select(static other => other.Name)
            .Concat(slots.Select(static slot => slot.Name))
            .Select(static name => new PostgresNames(name[PostgresNames.Prefix.Length..]))
            .Any(ours => ours.Publications.Contains(publication.Name)
                && (slots.Any(slot => slot.Name == ours.Slot)
                    || (all.Any(p => p.Name == ours.Keyed) && all.Any(p => p.Name == ours.InsertOnly))));
    }

    static CleanupPlan ToPlan(Found found, bool force)
    {
        ImmutableArray<SlotFacts> busy = [.. found.Slots.Where(static s => s.ActivePid > 0)];
        ImmutableArray<string> statements =
        [
            .. found.Capture,
            .. force ? busy.Select(static s => SlotFacts.TerminateStatement(s.ActivePid)) : [],
            .. found.Slots.Select(static s => DropSlot(s.Name)),
            .. found.Publications.Select(static p => DropPublication(p.Name)),
        ];
        return new(statements, busy, found.Rights.Refusal(
            found.Slots, found.Publications, !found.Capture.IsEmpty, force, statements));
    }

    // Written so that it is no error if the slot is gone, temporary ones with their reader.
    static string DropSlot(string name) =>
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = "
        + $"{PostgresNames.Literal(name)};";

    static string DropPublication(string name) => $"DROP PUBLICATION IF EXISTS {PostgresNames.Quote(name)};";

    sealed record Found(
        ImmutableArray<SlotFacts> Slots, ImmutableArray<PublicationFacts> Publications, CleanupRights Rights,
        ImmutableArray<string> Capture);
}
