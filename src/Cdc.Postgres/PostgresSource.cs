using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Snapshot;
using Cdc.Postgres.Streaming;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres;

/// <summary>A PostgreSQL database (14 to 18): its snapshot by COPY, and its log through a logical replication
/// slot.</summary>
public sealed partial class PostgresSource : ISource
{
    const int StartAttempts = 5;
    static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(250);

    readonly PostgresSourceOptions _options;
    readonly PostgresNames _names;
    readonly ControlConnections _connections;
    readonly TypeCatalog _types = new();
    readonly SafePositions _positions = new();
    readonly SlotKeeper _slot;
    readonly Publisher _publisher;
    readonly ILogger _logger;
    PgConnection? _temporary;
    LogStream? _stream;
    string? _doing;
    CapturePlan? _capture;
    bool _isPublished;
    bool _holdsSlot;
    bool _hasWarned;

    public PostgresSource(PostgresSourceOptions options)
    {
        _options = options;
        _names = new(options.Name);
        _connections = new(options.Address);
        _logger = options.Loggers.CreateLogger("Cdc.Postgres");
        _slot = new(_connections, _names.Slot, options.SlotWait, options.Time, Doing);
        Inspector inspector = new(_names, options.Selection, options.DdlCapture, options.TemporarySlot);
        _publisher = new(_connections, _names, inspector, options.Time, _logger);
        foreach (string warning in options.Address.Warnings) LogWarning(_logger, warning);
    }

    public SourceStatus Status
    {
        get
        {
            SourceStatus status = _stream?.Status ?? new(CommitTs.Zero, 0, 0, "not reading");
            return _doing is { } doing ? status with { Doing = doing } : status;
        }
    }

    public IReadOnlyList<string> LeftBehind => _options.TemporarySlot || !(_isPublished || _holdsSlot) ? [] :
    [
        $"Slot {_names.Slot} stays in database {_options.Address.Database}, and holds the log from the checkpoint on; "
            + $"publications {_names.Keyed} and {_names.InsertOnly} stay too. "
            + $"Run the same command to go on, or remove them: cdc drop --name {_names.Changefeed}",
    ];

    public async ValueTask<SourceFacts> InspectAsync(CancellationToken cancellationToken)
    {
        SourceFacts facts =
            await _publisher.InspectAsync(_connections.Endpoint.Server, cancellationToken).ConfigureAwait(false);
        _holdsSlot = facts.Position.State is not PositionState.Absent;
        return _options.Selection.Exclude.Count == 0 ? facts : facts with
        {
            Excluded = await ExcludedAsync(cancellationToken).ConfigureAwait(false),
        };
    }

    Task<ImmutableArray<TableName>> ExcludedAsync(CancellationToken cancellationToken) =>
        _connections.RunAsync(_options.Selection, static async (selection, connection, token) =>
        {
            Dictionary<uint, TableName> all =
                await TableCatalog.NamesAsync(connection, TableSelection.Everything, token).ConfigureAwait(false);
            return (ImmutableArray<TableName>)[.. all.Values.Where(selection.IsExcluded)];
        }, cancellationToken);

    public async ValueTask<ISourceSnapshot> StartAsync(SchemaHistory history, CancellationToken cancellationToken)
    {
        for (int attempt = 1; attempt <= StartAttempts; attempt++)
        {
            Inspection found = await _publisher.PublishAsync(null, cancellationToken).ConfigureAwait(false);
            (_isPublished, _capture) = (true, found.Capture);
            if (found.Slot is not null) await _slot.DropAsync(cancellationToken).ConfigureAwait(false);
            if (await BeginAsync(found.Server, history, attempt == StartAttempts, cancellationToken)
                .ConfigureAwait(false) is { } snapshot) return snapshot;
        }
        throw new CdcException(FailureKind.SourceUnfit,
            "Each time a slot was made, tables were made, altered or dropped before they could be looked at.",
            "Run again when no migration is under way.");
    }

    /// <summary>Makes the slot and opens its snapshot. Null if a table of ours came that is not published; the slot is
    /// left for the next attempt to drop.</summary>
    async Task<PostgresSnapshot?> BeginAsync(
        ServerFacts server, SchemaHistory history, bool isLast, CancellationToken cancellationToken)
    {
        PgConnection replication = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            PostgresSnapshot? snapshot = await SnapshotAsync(
                replication, _names.Slot, _options.TemporarySlot, server, history, null, isLast, cancellationToken)
                .ConfigureAwait(false);
            if (_options.TemporarySlot && snapshot is not null) (_temporary, replication) = (replication, null!);
            return snapshot;
        }
        finally
        {
            // The slot is permanent and its snapshot was taken over; a temporary slot goes with its connection.
            replication?.Dispose();
        }
    }

    public async ValueTask<ISourceSnapshot> SnapshotAsync(
        SchemaHistory history, IReadOnlyCollection<TableId> tables, CancellationToken cancellationToken)
    {
        uint[] oids = [.. history.Latest().Where(t => tables.Contains(t.Id)).Select(static t => t.SourceId)];
        ServerFacts server = await _connections.RunAsync(
            0, static (_, connection, token) => ServerFacts.ReadAsync(connection, token), cancellationToken)
            .ConfigureAwait(false);
        for (int attempt = 1; attempt <= StartAttempts; attempt++)
        {
            using PgConnection replication = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            PostgresSnapshot? snapshot = await SnapshotAsync(
                replication, _names.CopySlot, temporary: true, server, history, oids, attempt == StartAttempts,
                cancellationToken).ConfigureAwait(false);
            if (snapshot is not null) return snapshot;
            replication.Dispose();
            // The temporary slot goes with its connection, in a moment.
            await Task.Delay(BusyPause, _options.Time, cancellationToken).ConfigureAwait(false);
        }
        throw new CdcException(FailureKind.SourceUnfit,
            "Each time a snapshot was taken, tables were altered or dropped before they could be looked at.",
            "Run again when no migration is under way.");
    }

    public async IAsyncEnumerable<SourceEvent> StreamAsync(
        StreamStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_isPublished) await PublishAgainAsync(start.History, cancellationToken).ConfigureAwait(false);
        _isPublished = true;
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        HeartbeatLoop heartbeats = new(_connections, _names.Changefeed, _options.Heartbeat, _options.Time, _logger);
        NewTableWatch newTables = new(_connections, _options.Selection, _options.Time, _logger);
        Task beating = heartbeats.RunAsync(() => Status.Received, ended.Token);
        Task watching = _capture?.Mode == DdlCaptureMode.Trigger ? Task.CompletedTask : newTables.RunAsync(ended.Token);
        IAsyncEnumerator<SourceEvent>? events = null;
        try
        {
            events = await OpenStreamAsync(start, cancellationToken).ConfigureAwait(false);
            do yield return events.Current;
            while (await events.MoveNextAsync().ConfigureAwait(false));
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            if (events is not null) await events.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(beating, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Confirm(CommitTs checkpoint) => _positions.Confirm(checkpoint);

    public async ValueTask SettleAsync(CancellationToken cancellationToken)
    {
        if (_stream is { } stream) await stream.SettleAsync(cancellationToken).ConfigureAwait(false);
        if (_options.TemporarySlot)
        {
            await EndTemporaryAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
        ulong confirmed = _positions.Confirmed;
        if (confirmed > 0 && !await _slot.WaitUntilConfirmedAsync(confirmed, cancellationToken).ConfigureAwait(false))
            LogUnconfirmed(_logger, _names.Slot);
    }

    public async ValueTask<CommitTs?> MarkAsync(CancellationToken cancellationToken) =>
        await _connections.RunAsync<string, CommitTs?>(_names.Changefeed, static async (name, connection, token) =>
            await LogMarks.CanWriteAsync(connection, token).ConfigureAwait(false)
                ? await LogMarks.MarkAsync(connection, name, token).ConfigureAwait(false)
                : null, cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<SequenceState>> SequencesAsync(
        SchemaHistory history, CancellationToken cancellationToken)
    {
        uint[] tables = [.. history.Latest().Where(static t => !t.IsDropped).Select(static t => t.SourceId)];
        return await _connections.RunAsync(tables, static (tables, connection, token) =>
            OwnedSequences.ReadAsync(connection, tables, token), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_options.TemporarySlot) await EndTemporaryAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (CdcException failure)
        {
            // The server is gone; the next run of this name finds the publications and uses them.
            LogWarning(_logger, failure.Message);
        }
        if (Interlocked.Exchange(ref _stream, null) is { } stream) await stream.DisposeAsync().ConfigureAwait(false);
        await _connections.DisposeAsync().ConfigureAwait(false);
    }

    async Task<PostgresSnapshot?> SnapshotAsync(
        PgConnection replication, string slot, bool temporary, ServerFacts server, SchemaHistory history,
        IReadOnlyCollection<uint>? tables, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            Doing("making the slot");
            SlotCreator creator = new(_connections, _options.Time, _logger, Doing);
            CreatedSlot created = await creator.CreateAsync(replication, slot, temporary, server, cancellationToken)
                .ConfigureAwait(false);
            Doing("opening the snapshot");
            SnapshotOpener opener = new(_options, _connections, _types, _logger);
            return await opener.OpenAsync(created, history, tables, isLast, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _doing = null;
        }
    }

    /// <summary>A run that goes on: patterns or keys may have changed since the last one.</summary>
    async Task PublishAgainAsync(SchemaHistory history, CancellationToken cancellationToken)
    {
        Inspection found = await _publisher.PublishAsync(history, cancellationToken).ConfigureAwait(false);
        _capture = found.Capture;
        if (_capture.WasBroken) LogWasBroken(_logger);
        foreach (TableName table in found.Newcomers) LogAdded(_logger, table);
    }

    /// <summary>Begins a stream and waits for its first event. A slot that is busy is waited for.</summary>
    async Task<IAsyncEnumerator<SourceEvent>> OpenStreamAsync(StreamStart start, CancellationToken cancellationToken)
    {
        long started = _options.Time.GetTimestamp();
        while (true)
        {
            if (Interlocked.Exchange(ref _stream, null) is { } last) await last.DisposeAsync().ConfigureAwait(false);
            if (_temporary is null) await _slot.WaitUntilFreeAsync(cancellationToken).ConfigureAwait(false);
            _doing = null;
            _stream = new(StreamOptions(), _positions);
            IAsyncEnumerator<SourceEvent> events =
                _stream.ReadAsync(start, cancellationToken).GetAsyncEnumerator(cancellationToken);
            try
            {
                if (await events.MoveNextAsync().ConfigureAwait(false)) return events;
                throw StreamFailures.Ended();
            }
            catch (CdcException failure) when (
                failure.Kind == FailureKind.PositionBusy && _options.Time.GetElapsedTime(started) < _options.SlotWait)
            {
                // Somebody was faster between our look and our command.
                await events.DisposeAsync().ConfigureAwait(false);
                await Task.Delay(BusyPause, _options.Time, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await events.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    LogStreamOptions StreamOptions() => new()
    {
        Connect = Connect,
        Slot = _names.Slot,
        Publications = [_names.Keyed, _names.InsertOnly],
        Catalog = new LiveCatalog(_connections, _types, _options.Time),
        Selection = _options.Selection,
        DdlCapture = _capture?.Mode ?? DdlCaptureMode.Relation,
        DdlPrefix = _capture?.Prefix ?? "",
        SpillDirectory = _options.SpillDirectory,
        Logger = _logger,
        Clock = _options.Time,
    };

    // A temporary slot lives on the connection that made it, which can be read from once.
    PgConnection Connect(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _temporary, null)
        ?? PgConnection.Connect(_connections.Endpoint, Replication(), cancellationToken);

    Task<PgConnection> ConnectAsync(CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => PgConnection.Connect(_connections.Endpoint, Replication(), cancellationToken), CancellationToken.None,
        TaskCreationOptions.LongRunning, TaskScheduler.Default);

    PgConnectOptions Replication() => new()
    {
        Replication = true,
        Clock = _options.Time,
        Warn = WarnOnce,
    };

    async Task EndTemporaryAsync(CancellationToken cancellationToken)
    {
        try
        {
            // While the slot is ours: a run that waits for it looks for its publications once it has it.
            if (_isPublished) await _publisher.UnpublishAsync(cancellationToken).ConfigureAwait(false);
            _isPublished = false;
        }
        finally
        {
            LogStream? stream = Interlocked.Exchange(ref _stream, null);
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            Interlocked.Exchange(ref _temporary, null)?.Dispose();
        }
    }

    // Said at the first connection; those that come after it are no worse.
    void WarnOnce(string warning)
    {
        if (!Interlocked.Exchange(ref _hasWarned, true)) LogWarning(_logger, warning);
    }

    void Doing(string sentence) => _doing = sentence;
}
