using System.Globalization;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Streaming;

/// <summary>The thread that reads the log: connection, decoder, queue. Synchronous from end to end.</summary>
/// <remarks>
/// In a backlog, which is when the server's clock at sending is well past the commit, reads let the socket fill and
/// batches leave when they are full, or when nothing has come for a while. Elsewhere everything committed leaves as
/// soon as the socket is dry.
/// </remarks>
internal sealed class LogReader(LogStreamOptions options, StreamStart start, SafePositions positions, EventQueue queue)
{
    // Microseconds between commit and sending from which on we are behind.
    const long BacklogMicroseconds = 20_000;

    // In a backlog the server may stop for a moment to decode, or for want of a processor.
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // How long a stop may go unnoticed at an idle server.
    static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(100);

    // How often an idle server is asked how far it is, if somebody waits for a position.
    static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);

    readonly RowBlockPool _pool = new();
    PgConnection? _connection;
    PgCopyBoth? _copy;
    StatusReporter? _status;
    TaskCompletionSource? _answered;
    ulong _serverEnd;
    long _commitTime;
    long? _askedAt;
    bool _backlog;
    bool _isDry;
    bool _isDecoding;

    /// <summary>End of the server's log as last heard of. Any thread.</summary>
    public ulong ServerEnd => Volatile.Read(ref _serverEnd);

    /// <summary>Commit time of the last transaction received, microseconds since 1970; 0 before the first. Any
    /// thread.</summary>
    public long CommitTime => Volatile.Read(ref _commitTime);

    /// <summary>Whether the stream has begun. Any thread.</summary>
    public bool IsStreaming => Volatile.Read(ref _copy) is not null;

    /// <summary>Reads until <paramref name="stop"/>, which leaves the connection open for <see cref="TrySettle"/>, or
    /// until a failure, which goes to the receiver behind everything that is complete.</summary>
    public void Run(CancellationToken stop)
    {
        Exception? failure = null;
        DecoderOptions decoding = new(
            start, options.Catalog.Until(stop), options.Selection, options.SpillDirectory, options.Logger)
        {
            OpenTransactionBytes = options.OpenTransactionBytes,
            Capture = options.DdlCapture,
            DdlPrefix = options.DdlPrefix,
        };
        using PgOutputDecoder decoder = new(decoding, _pool, queue);
        try
        {
            Connect(stop);
            Read(decoder, stop);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Whatever it was, it is no news any more.
        }
        catch (Exception error)
        {
            failure = error is CdcException expected ? StreamFailures.Classify(expected, options) : error;
            // A message that could not be decoded to its end may have left a part of a row, and a COMMIT may have
            // handed on a part of its transaction: neither may be resolved.
            if (!_isDecoding) HandOverComplete(decoder);
        }
        if (failure is not null) Close();
        queue.Complete(failure);
    }

    /// <summary>Asks for an answer to the last confirmation; completes when it has come. While <see cref="Run"/>
    /// runs.</summary>
    public Task ConfirmAsync()
    {
        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _answered, answered);
        _status?.Send(replyRequested: true);
        return answered.Task;
    }

    /// <summary>Sends the last confirmation, ends the stream in order so that the slot is free, and closes. After
    /// <see cref="Run"/>. False if the server did not go along in time.</summary>
    public bool TrySettle(TimeSpan limit)
    {
        if (_copy is null || _connection is null) return false;
        try
        {
            _status?.Send();
            _status?.Dispose();
            return _copy.TryComplete(limit);
        }
        catch (Exception error) when (error is CdcException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Ends the connection at once, from any thread.</summary>
    public void Cancel() => Volatile.Read(ref _connection)?.Cancel();

    public void Close()
    {
        _status?.Dispose();
        _connection?.Dispose();
        _copy = null;
        _connection = null;
    }

    void Connect(CancellationToken stop)
    {
        Volatile.Write(ref _connection, options.Connect(stop));
        _connection!.Noticed = StreamFailures.ThrowIfSkipping(_connection.Endpoint);
        TimeSpan interval = StatusInterval(_connection!);
        positions.Known(ConfirmedBefore(_connection!));
        string names = string.Join(',', options.Publications.Select(Quoted))
            .Replace("'", "''", StringComparison.Ordinal);
        // From where the server was last told, not from our checkpoint, which may lie inside a commit record (see
        // SafePositions). What comes twice is dropped by its position.
        PgCopyBoth copy = _connection!.StartReplication(
            $"START_REPLICATION SLOT {Quoted(options.Slot)} LOGICAL 0/0 "
            + $"(proto_version '1', publication_names '{names}', messages 'true')");
        _status = new(copy, positions, interval, options.Clock);
        Volatile.Write(ref _copy, copy);
    }

    void Read(PgOutputDecoder decoder, CancellationToken stop)
    {
        PgCopyBoth copy = _copy!;
        SetWaiting();
        while (!stop.IsCancellationRequested)
        {
            switch (copy.Read(out PgReplicationMessage message))
            {
                case PgRead.Data when message.IsData:
                    _isDecoding = true;
                    decoder.Decode(message.Data);
                    _isDecoding = false;
                    _serverEnd = message.WalEnd;
                    NotDry(message.SentAt - decoder.CommitTime > BacklogMicroseconds);
                    break;
                case PgRead.Data:
                    Keepalive(decoder, message);
                    break;
                case PgRead.TimedOut:
                    if (!_isDry) Dry(decoder);
                    if (start.IsAwaited) Ask();
                    break;
                default:
                    throw StreamFailures.Ended();
            }
        }
    }

    void Keepalive(PgOutputDecoder decoder, in PgReplicationMessage message)
    {
        if (message.ReplyRequested) _status?.Send();
        _serverEnd = message.WalEnd;
        decoder.Idle(message.WalEnd, message.SentAt);
        _commitTime = decoder.Last.CommitTime;
        Interlocked.Exchange(ref _answered, null)?.SetResult();
    }

    static void HandOverComplete(PgOutputDecoder decoder)
    {
        try
        {
            decoder.Flush();
        }
        catch (OperationCanceledException)
        {
            // The receiver has gone; it will ask again.
        }
        decoder.Abandon();
    }

    // What is committed leaves, then we wait.
    void Dry(PgOutputDecoder decoder)
    {
        decoder.Flush();
        _commitTime = decoder.Last.CommitTime;
        (_isDry, _backlog) = (true, false);
        SetWaiting();
    }

    // An idle server says by itself how far it is only when half of wal_sender_timeout is over.
    void Ask()
    {
        if (_askedAt is { } asked && options.Clock.GetElapsedTime(asked) < AskInterval) return;
        _askedAt = options.Clock.GetTimestamp();
        _status?.Send(replyRequested: true);
    }

    void NotDry(bool backlog)
    {
        if (!_isDry && backlog == _backlog) return;
        (_isDry, _backlog) = (false, backlog);
        SetWaiting();
    }

    void SetWaiting()
    {
        _copy!.Backlog = _backlog;
        _copy.ReadTimeout = _isDry ? Idle : _backlog ? Pause : TimeSpan.Zero;
    }

    // The server gives up on a reader that is silent for wal_sender_timeout, and a lower setting than the usual minute
    // must not make our own interval too long. 0 means never.
    TimeSpan StatusInterval(PgConnection connection)
    {
        string? text = connection.Query(
            "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'")[0][0];
        if (!long.TryParse(text, CultureInfo.InvariantCulture, out long timeout) || timeout <= 0)
            return options.StatusInterval;
        TimeSpan third = TimeSpan.FromMilliseconds(Math.Max(timeout / 3, 1));
        return third < options.StatusInterval ? third : options.StatusInterval;
    }

    // 0 for a slot that is not there, which the start of the stream says better.
    ulong ConfirmedBefore(PgConnection connection)
    {
        PgRows slot = connection.Query(
            "SELECT COALESCE(confirmed_flush_lsn, '0/0')::pg_catalog.pg_lsn - '0/0'::pg_catalog.pg_lsn "
            + $"FROM pg_catalog.pg_replication_slots WHERE slot_name = {PostgresNames.Literal(options.Slot)}");
        return slot.Count == 1 && ulong.TryParse(slot[0][0], CultureInfo.InvariantCulture, out ulong lsn) ? lsn : 0;
    }

    static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
