using System.Collections.Immutable;
using System.Globalization;
using Cdc.Engine.Failures;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Which publications a stream asks for, and how a changefeed without spares comes to some.</summary>
/// <remarks>
/// <para>The server looks for each publication that a stream names in the catalogs as they were when the change was
/// made that it decodes, and ends the stream at one that was not there yet. So spares that are made behind a slot begin
/// closed: they publish nothing, the event triggers put nothing into them, and no stream names them. They are named
/// once the slot has passed every transaction that was open when they were made; and opened once a stream names them,
/// since rows that come by one that no stream names would be passed over.</para>
/// <para>That the slot has passed them is said by its catalog_xmin: all transactions below it had ended at a place in
/// the log that was confirmed. The number it is compared with is taken after the look that finds the spares, so that
/// every transaction that may have changed something before they were there has a smaller one.</para>
/// <para>One stream at a time; <see cref="RunAsync"/> runs beside it.</para>
/// </remarks>
internal sealed partial class SparePublications(
    ControlConnections connections, PostgresNames names, TimeProvider clock, ILogger logger)
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    ImmutableArray<string> _opening = [];
    string? _mark;
    bool _isWaiting;
    bool _isReady;

    /// <summary>Whether a stream that is opened now could name more than the one that is read. Any thread.</summary>
    public bool IsReady => Volatile.Read(ref _isReady);

    /// <summary>What the next stream asks for.</summary>
    /// <param name="mayOpen">Event triggers would use more spares.</param>
    public Task<ImmutableArray<string>> NamesAsync(bool mayOpen, CancellationToken cancellationToken) =>
        connections.RunAsync((Self: this, mayOpen), static (state, connection, token) =>
            state.Self.NamesAsync(connection, state.mayOpen, token), cancellationToken);

    /// <summary>Opens what the stream names and is closed; else waits until closed ones may be named. A look that fails
    /// is made again at the next interval.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_opening.IsEmpty && !_isWaiting) return;
        using PeriodicTimer timer = new(Interval, clock);
        do
        {
            try
            {
                if (await connections.RunAsync(this, static (self, connection, token) =>
                    self.StepAsync(connection, token), cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (CdcException failure)
            {
                LogFailed(logger, failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    async Task<ImmutableArray<string>> NamesAsync(
        NpgsqlConnection connection, bool mayOpen, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _isReady, false);
        PublicationFacts[] spares =
        [
            .. (await PublicationFacts.ReadAsync(connection, names, cancellationToken).ConfigureAwait(false))
                .Where(static p => PostgresNames.IsSpare(p.Name)),
        ];
        ImmutableArray<string> closed =
            [.. spares.Where(p => mayOpen && IsClosed(p) && p.IsOwned).Select(static p => p.Name)];
        if (closed.Length > 0 && !await LogMarks.CanWriteAsync(connection, cancellationToken).ConfigureAwait(false))
            closed = [];
        _isWaiting = closed.Length > 0 && !await IsPassedAsync(connection, cancellationToken).ConfigureAwait(false);
        _opening = _isWaiting ? [] : closed;
        return
        [
            names.Keyed, names.InsertOnly, .. InUse(names.KeyedSpares, spares), .. InUse(names.InsertSpares, spares),
            .. _opening,
        ];
    }

    // Where some are, one that is missing was dropped: the server says so, if it is asked for.
    static ImmutableArray<string> InUse(ImmutableArray<string> all, IEnumerable<PublicationFacts> there) =>
        there.Any(p => !IsClosed(p) && all.Contains(p.Name)) ? all : [];

    async Task<bool> StepAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_isWaiting)
        {
            if (!await IsPassedAsync(connection, cancellationToken).ConfigureAwait(false)) return false;
            Volatile.Write(ref _isReady, true);
            return true;
        }
        // All or none: a missing one beside others that are open counts as dropped.
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            foreach (string name in _opening)
            {
                string publish = names.KeyedSpares.Contains(name)
                    ? PublicationPlan.PublishAll
                    : PublicationPlan.PublishInserts;
                await ControlConnections.ExecuteAsync(
                    connection, PublicationPlan.Set(name, publish).Sql, cancellationToken).ConfigureAwait(false);
            }
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        LogOpened(logger);
        return true;
    }

    async Task<bool> IsPassedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        _mark ??= (await ScalarAsync(
            connection, "SELECT pg_catalog.pg_current_xact_id()::text", cancellationToken).ConfigureAwait(false))!;
        uint mark = (uint)ulong.Parse(_mark, CultureInfo.InvariantCulture);
        return await ScalarAsync(connection, $"""
            SELECT (pg_catalog.age(s.catalog_xmin) <= pg_catalog.age('{mark}'::pg_catalog.xid))::text
            FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = {PostgresNames.Literal(names.Slot)}
            """, cancellationToken).ConfigureAwait(false) == "true";
    }

    static bool IsClosed(PublicationFacts publication) => publication.Publish == PublicationPlan.PublishNothing;

    static async Task<string?> ScalarAsync(
        NpgsqlConnection connection, string query, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(query, connection);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as string;
    }
}
