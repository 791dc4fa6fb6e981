using System.Collections.Immutable;
using System.Globalization;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Snapshot;

/// <summary>Makes of a slot's exported snapshot one that tables can be copied from.</summary>
internal sealed partial class SnapshotOpener(
    PostgresSourceOptions options, ControlConnections connections, TypeCatalog types, ILogger logger)
{
    /// <summary>Null if the snapshot holds a table of ours whose changes are not published from there on, or shows what
    /// can't be described any more: a newer one is needed.</summary>
    /// <param name="wanted">Numbers of the tables to copy; null: all that match. One that the snapshot does not hold is
    /// left out, and said.</param>
    /// <param name="isLoose">A newer one would not be better: descriptions that may be newer than it are taken, and
    /// said.</param>
    public async Task<PostgresSnapshot?> OpenAsync(
        CreatedSlot slot, SchemaHistory history, IReadOnlyCollection<uint>? wanted, bool isLoose,
        CancellationToken cancellationToken)
    {
        CommitTs at = CommitTs.End(slot.ConsistentPoint);
        SnapshotKeeper keeper = await SnapshotKeeper.TakeAsync(connections, slot.SnapshotName, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            ImmutableArray<CatalogTable> tables =
                await ReadTablesAsync(keeper.Connection, wanted, cancellationToken).ConfigureAwait(false);
            if (wanted is null
                && !await IsWholeAsync(keeper.Connection, tables, cancellationToken).ConfigureAwait(false))
            {
                await keeper.DisposeAsync().ConfigureAwait(false);
                LogMoved(logger, "a table came that is not published yet");
                return null;
            }
            Dictionary<uint, CapturedTable> definitions = await DefinitionReader.ReadAsync(
                keeper.Connection, [.. tables.Select(static t => t.Oid)], cancellationToken).ConfigureAwait(false);
            if (await MovedAsync(keeper.Connection, tables, cancellationToken).ConfigureAwait(false) is { } moved)
            {
                if (isLoose) LogMixed(logger, moved);
                else
                {
                    await keeper.DisposeAsync().ConfigureAwait(false);
                    LogMoved(logger, $"{moved} changed meanwhile");
                    return null;
                }
            }
            var sizes = await SnapshotKeeper.SizesAsync(
                connections, [.. tables.Select(static t => t.Oid)], cancellationToken).ConfigureAwait(false);
            int pageBytes = await PageBytesAsync(keeper.Connection, cancellationToken).ConfigureAwait(false);
            List<(TableCopyPlan, long)> plans = [];
            foreach (CatalogTable table in tables)
            {
                (long main, long all) = sizes.GetValueOrDefault(table.Oid, (table.Bytes, table.Bytes));
                TableSize size = new(Math.Max(1, main / pageBytes), all);
                TableSchema schema = Register(definitions[table.Oid], at, history);
                plans.Add((new(schema, table.IsHeap, size, options.SnapshotPartBytes), table.Rows));
            }
            PgConnectOptions worker = new() { Clock = options.Time };
            SnapshotWorkers workers = new(connections.Endpoint, worker, options.SnapshotParallel);
            SnapshotShared shared = new(
                keeper.Name, keeper.Time, new(slot.ConsistentPoint), workers, options.Rows, logger);
            return new(at, keeper, shared, plans);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InternalError)
        {
            // The server's functions that print a definition look at the catalogs as they are now: something that the
            // snapshot still shows was dropped.
            await keeper.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            LogMoved(logger, error.MessageText);
            return null;
        }
        catch (Exception error)
        {
            await keeper.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (ControlFailures.IsExpected(error)) throw ControlFailures.From(error, connections.Endpoint);
            throw;
        }
    }

    async Task<ImmutableArray<CatalogTable>> ReadTablesAsync(
        NpgsqlConnection connection, IReadOnlyCollection<uint>? wanted, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<uint> oids = wanted ?? (await TableCatalog.NamesAsync(
            connection, options.Selection, cancellationToken, withPartitioned: true).ConfigureAwait(false)).Keys;
        ImmutableArray<CatalogTable> tables =
            await TableCatalog.ReadAsync(connection, oids, cancellationToken).ConfigureAwait(false);
        if (tables.Length < oids.Count) LogGone(logger, oids.Count - tables.Length);
        await types.LoadAsync(
            connection, tables.SelectMany(static t => t.Columns).Select(static c => c.Type), cancellationToken)
            .ConfigureAwait(false);
        return tables;
    }

    /// <summary>The table's version at the snapshot: the one known, if it has the same shape, or a new one that holds
    /// from there on. Whatever the stream looks up behind the snapshot finds it.</summary>
    static TableSchema Register(CapturedTable table, CommitTs at, SchemaHistory history)
    {
        TableSchema? known = history.Find(table.Oid, at);
        TableSchema schema = table.ToSchema(known?.Id ?? history.NextId(), at);
        if (known is not null && known.HasShapeOf(schema)) return known;
        history.Add(schema);
        return schema;
    }

    // A transaction that made a table while we looked is in the snapshot, since the slot waited for it.
    Task<bool> IsWholeAsync(
        NpgsqlConnection connection, ImmutableArray<CatalogTable> tables, CancellationToken cancellationToken) =>
        DefinitionReader.IsAllPublishedAsync(
            connection, new(options.Name), tables.Where(static t => !t.IsPartitioned), cancellationToken);

    /// <summary>What is not any more as the snapshot has it; null if all descriptions are of the snapshot. To be asked
    /// once they are read.</summary>
    async Task<string?> MovedAsync(
        NpgsqlConnection snapshot, ImmutableArray<CatalogTable> tables, CancellationToken cancellationToken)
    {
        uint[] oids = [.. tables.Select(static t => t.Oid)];
        var then = await DefinitionVersions.ReadAsync(snapshot, oids, cancellationToken).ConfigureAwait(false);
        var now = await connections.RunAsync(oids, static (oids, connection, token) =>
            DefinitionVersions.ReadAsync(connection, oids, token), cancellationToken).ConfigureAwait(false);
        string[] moved = [.. tables.Where(t => now.GetValueOrDefault(t.Oid) != then[t.Oid])
            .Select(static t => $"table {t.Name}")];
        if (moved.Length > 0) return moved.Length == 1 ? moved[0] : $"{moved[0]} and {moved.Length - 1} others";
        return now[DefinitionVersions.Shared] == then[DefinitionVersions.Shared]
            ? null
            : "a type, function or sequence";
    }

    static async Task<int> PageBytesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("SELECT pg_catalog.current_setting('block_size')", connection);
        object? text = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        return int.Parse((string)text!, CultureInfo.InvariantCulture);
    }
}
