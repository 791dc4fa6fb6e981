using System.Buffers.Binary;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>One message of a replication stream. Its bytes lie in the receive buffer.</summary>
internal readonly ref struct PgReplicationMessage
{
    /// <summary>A piece of the log; otherwise a keepalive, which has no data.</summary>
    public bool IsData { get; init; }

    /// <summary>Where the piece begins in the write-ahead log; 0 for a keepalive.</summary>
    public ulong WalStart { get; init; }

    /// <summary>How far the server has read its log. In a keepalive: how far it has sent.</summary>
    public ulong WalEnd { get; init; }

    /// <summary>The server's clock when it sent this: microseconds since 2000-01-01 UTC.</summary>
    public long SentAt { get; init; }

    /// <summary>A keepalive that wants a status update at once.</summary>
    public bool ReplyRequested { get; init; }

    public ReadOnlySpan<byte> Data { get; init; }
}

/// <summary>A running <c>START_REPLICATION</c>.</summary>
/// <remarks>One thread reads and ends it; status updates may be sent from any thread.</remarks>
internal sealed class PgCopyBoth
{
    const int StatusBytes = 34;
    static readonly DateTimeOffset PostgresEpoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly PgConnection _connection;
    bool _serverDone;
    bool _doneSent;

    internal PgCopyBoth(PgConnection connection) => _connection = connection;

    /// <summary>
    /// Set while the server's clock at sending is well past the commits it sends: reads then wait a little for the
    /// socket to fill instead of waking for every row. At the tail it must be off.
    /// </summary>
    public bool Backlog
    {
        get => _connection.Transport.Socket.Backlog;
        set => _connection.Transport.Socket.Backlog = value;
    }

    /// <summary>How long one <see cref="Read"/> waits.</summary>
    public TimeSpan ReadTimeout
    {
        get => _connection.Transport.Socket.ReadTimeout;
        set => _connection.Transport.Socket.ReadTimeout = value;
    }

    /// <summary>Takes the next message; its data live until the next call.</summary>
    /// <returns><see cref="PgRead.Ended"/> when the server ended the stream, as it does when it shuts down.</returns>
    /// <exception cref="CdcException">The server's error, a lost connection, or no replication at all.</exception>
    public PgRead Read(out PgReplicationMessage message)
    {
        message = default;
        if (_serverDone) return PgRead.Ended;
        if (!_connection.TryReadMessage(out byte type, out ReadOnlySpan<byte> body)) return PgRead.TimedOut;
        switch (type)
        {
            case (byte)'d':
                message = Parse(body);
                return PgRead.Data;
            case (byte)'c' or (byte)'C':
                _serverDone = true;
                return PgRead.Ended;
            case (byte)'E':
                throw PgFailures.FromStream(PgServerError.Parse(body), _connection.Endpoint);
            default:
                throw PgMessageReader.Unexpected(type, "replication");
        }
    }

    /// <summary>Tells the server how far we are. What is flushed it may forget.</summary>
    public void SendStatus(ulong written, ulong flushed, ulong applied, bool replyRequested = false)
    {
        Span<byte> message = stackalloc byte[5 + StatusBytes];
        message[0] = (byte)'d';
        BinaryPrimitives.WriteInt32BigEndian(message[1..], 4 + StatusBytes);
        message[5] = (byte)'r';
        BinaryPrimitives.WriteUInt64BigEndian(message[6..], written);
        BinaryPrimitives.WriteUInt64BigEndian(message[14..], flushed);
        BinaryPrimitives.WriteUInt64BigEndian(message[22..], applied);
        BinaryPrimitives.WriteInt64BigEndian(message[30..], Now());
        message[38] = replyRequested ? (byte)1 : (byte)0;
        _connection.Transport.Send(message);
    }

    /// <summary>
    /// Ends the stream in order, so that the slot is free when this returns and the connection takes queries again.
    /// What the server had still under way is read and dropped. No status may be sent any more.
    /// </summary>
    /// <returns>False when the server did not end it in time; then close the connection.</returns>
    public bool TryComplete(TimeSpan limit)
    {
        Backlog = false;
        _connection.SetDeadline(limit);
        if (!_doneSent) _connection.Transport.Send([(byte)'c', 0, 0, 0, 4]);
        _doneSent = true;
        while (true)
        {
            if (!_connection.TryReadMessage(out byte type, out ReadOnlySpan<byte> body)) return false;
            switch (type)
            {
                case (byte)'Z':
                    _connection.TakeReady(body);
                    _connection.ClearDeadline();
                    return _serverDone = true;
                case (byte)'d' or (byte)'c' or (byte)'C':
                    break;
                case (byte)'E':
                    throw PgFailures.FromStream(PgServerError.Parse(body), _connection.Endpoint);
                default:
                    throw PgMessageReader.Unexpected(type, "the end of replication");
            }
        }
    }

    static PgReplicationMessage Parse(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        byte kind = reader.Byte();
        switch (kind)
        {
            case (byte)'w':
                return new()
                {
                    IsData = true,
                    WalStart = reader.UInt64(),
                    WalEnd = reader.UInt64(),
                    SentAt = reader.Int64(),
                    Data = reader.Rest,
                };
            case (byte)'k':
                return new()
                {
                    WalEnd = reader.UInt64(),
                    SentAt = reader.Int64(),
                    ReplyRequested = reader.Byte() != 0,
                };
            default:
                throw PgMessageReader.Unexpected(kind, "a replication stream");
        }
    }

    long Now() => (_connection.Clock.GetUtcNow() - PostgresEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
