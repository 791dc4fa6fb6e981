using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Snapshot;

/// <summary>Makes a slot and opens its snapshot, again while migrations come in between.</summary>
internal sealed class SnapshotMaker(
    PostgresSourceOptions options, ControlConnections connections,
    Func<CancellationToken, Task<PgConnection>> connect, ILogger logger, Action<string?> doing)
{
    // So many times a snapshot has to be as the catalogs still say.
    const int Strict = 4;

    // How long migrations may keep a snapshot from being opened at all.
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    readonly TypeCatalog _types = new();

    /// <summary>What the catalogs said of types, for whoever decodes what comes behind the snapshot.</summary>
    public TypeCatalog Types => _types;

    /// <summary>The snapshot, and the connection that made the slot: a temporary slot goes with it.</summary>
    /// <param name="prepare">What comes before each attempt; a slot that the last one left is gone behind it.</param>
    /// <param name="tables">Numbers of the tables to copy; null: all that match.</param>
    /// <exception cref="CdcException">SourceUnfit: migrations came in between for a minute.</exception>
    public async Task<(PostgresSnapshot Snapshot, PgConnection Maker)> MakeAsync(
        SlotKeeper slot, bool temporary, Func<CancellationToken, Task<ServerFacts>> prepare, SchemaHistory history,
        IReadOnlyCollection<uint>? tables, CancellationToken cancellationToken)
    {
        long started = options.Time.GetTimestamp();
        int attempt = 0;
        do
        {
            attempt++;
            PgConnection? maker = null;
            PostgresSnapshot? snapshot = null;
            try
            {
                ServerFacts server = await prepare(cancellationToken).ConfigureAwait(false);
                maker = await connect(cancellationToken).ConfigureAwait(false);
                slot.MadeBy(maker.BackendProcessId);
                doing("making the slot");
                SlotCreator creator = new(connections, options.Time, logger, doing);
                CreatedSlot created = await creator
                    .CreateAsync(maker, slot.Name, temporary, server, cancellationToken).ConfigureAwait(false);
                doing("opening the snapshot");
                SnapshotOpener opener = new(options, connections, _types, logger);
                snapshot = await opener
                    .OpenAsync(created, history, tables, attempt > Strict, cancellationToken).ConfigureAwait(false);
                if (snapshot is not null) return (snapshot, maker);
            }
            finally
            {
                doing(null);
                if (snapshot is null) maker?.Dispose();
            }
        }
        while (attempt <= Strict || options.Time.GetElapsedTime(started) < Patience);
        throw new CdcException(FailureKind.SourceUnfit,
            "For a minute, each time a snapshot was taken, tables were made, altered or dropped before they could be "
                + "looked at.",
            "Run again when no migration is under way.");
    }
}
