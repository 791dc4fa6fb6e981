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
    static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(250);

    readonly PostgresSourceOptions _options;
    readonly PostgresNames _names;
    readonly ControlConnections _connections;
    readonly SafePositions _positions = new();
    readonly SlotKeeper _slot;
    readonly SlotKeeper _copySlot;
    readonly SnapshotMaker _snapshots;
    readonly Publisher _publisher;
    readonly SparePublications _spares;
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
        _copySlot = new(_connections, _names.CopySlot, options.SlotWait, options.Time, Doing);
        _snapshots = new(options, _connections, ConnectAsync, _logger, Doing);
        Inspector inspector = new(_names, options.Selection, options.DdlCapture, options.TemporarySlot);
        _publisher = new(_connections, _names, inspector, options.Time, _logger);
        _spares = new(_connections, _names, options.Time, _logger);
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
            + $"publications {_names.Keyed} and {_names.InsertOnly} stay too, with their spares. "
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
        (PostgresSnapshot snapshot, PgConnection maker) = await _snapshots.MakeAsync(
            _slot, _options.TemporarySlot, PublishFirstAsync, history, null, cancellationToken).ConfigureAwait(false);
        if (_options.TemporarySlot) Interlocked.Exchange(ref _temporary, maker)?.Dispose();
        else maker.Dispose();
        return snapshot;
    }

    public async ValueTask<ISourceSnapshot> SnapshotAsync(
        SchemaHistory history, IReadOnlyCollection<TableId> tables, CancellationToken cancellationToken)
    {
        uint[] oids = [.. history.Latest().Where(t => tables.Contains(t.Id)).Select(static t => t.SourceId)];
        (PostgresSnapshot snapshot, PgConnection maker) = await _snapshots.MakeAsync(
            _copySlot, temporary: true, ClearCopySlotAsync, history, oids, cancellationToken).ConfigureAwait(false);
        maker.Dispose();
        return snapshot;
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
        Task sparing = Task.CompletedTask;
        IAsyncEnumerator<SourceEvent>? events = null;
        try
        {
            while (true)
            {
                events = await OpenStreamAsync(start, cancellationToken).ConfigureAwait(false);
                sparing = _spares.RunAsync(ended.Token);
                CommitTs? until = null;
                do
                {
                    SourceEvent @event = events.Current;
                    yield return @event;
                    // Everything before it was handed on, and what was read of later comes again.
                    if (@event is SourceEvent.Resolved { At: var at } && _spares.IsReady) until = at;
                }
                while (until is null && await events.MoveNextAsync().ConfigureAwait(false));
                if (until is null) yield break;
                start = start with { After = until.Value };
                await events.DisposeAsync().ConfigureAwait(false);
                events = null;
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            if (events is not null) await events.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(beating, watching, sparing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    /// <summary>A slot that is there was made by a start that never completed.</summary>
    async Task<ServerFacts> PublishFirstAsync(CancellationToken cancellationToken)
    {
        Inspection found = await _publisher.PublishAsync(null, cancellationToken).ConfigureAwait(false);
        (_isPublished, _capture) = (true, found.Capture);
        if (found.Slot is not null) await _slot.DropAsync(cancellationToken).ConfigureAwait(false);
        return found.Server;
    }

    /// <summary>A temporary slot goes with its connection, which may be lost to us and not yet to the server.</summary>
    async Task<ServerFacts> ClearCopySlotAsync(CancellationToken cancellationToken)
    {
        (ServerFacts server, SlotFacts? left) = await _connections.RunAsync(
            _copySlot.Name,
            static async (slot, connection, token) => (
                await ServerFacts.ReadAsync(connection, token).ConfigureAwait(false),
                await SlotFacts.FindAsync(connection, slot, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
        if (left is not null) await _copySlot.DropAsync(cancellationToken).ConfigureAwait(false);
        return server;
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
            // A temporary slot does not outlive its stream, and is younger than the spares.
            bool mayOpen = _capture?.Mode == DdlCaptureMode.Trigger && !_options.TemporarySlot;
            _stream = new(StreamOptions(await _spares.NamesAsync(mayOpen, cancellationToken).ConfigureAwait(false)),
                _positions);
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

    LogStreamOptions StreamOptions(IReadOnlyList<string> publications) => new()
    {
        Connect = Connect,
        Slot = _names.Slot,
        Publications = publications,
        Catalog = new LiveCatalog(_connections, _snapshots.Types, _options.Time),
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

    void Doing(string? sentence) => _doing = sentence;
}
