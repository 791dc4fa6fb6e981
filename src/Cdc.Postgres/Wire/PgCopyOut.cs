using System.Globalization;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>What a read of a stream brought.</summary>
internal enum PgRead
{
    Data,

    /// <summary>Nothing within the read timeout; ask again.</summary>
    TimedOut,

    /// <summary>The stream is over, and all of it was read.</summary>
    Ended,
}

/// <summary>A running <c>COPY … TO STDOUT</c>: row after row as the server wrote it.</summary>
/// <remarks>One thread reads. Disposing before the end cancels the connection.</remarks>
internal sealed class PgCopyOut : IDisposable
{
    readonly PgConnection _connection;
    PgServerError? _error;
    bool _done;
    bool _ended;

    internal PgCopyOut(PgConnection connection, bool isBinary)
    {
        (_connection, IsBinary) = (connection, isBinary);
        // A copy is all backlog: everything it will send is there from the start.
        connection.Transport.Socket.Backlog = true;
    }

    public bool IsBinary { get; }

    /// <summary>How many rows the server says it sent; -1 before the end.</summary>
    public long RowsSent { get; private set; } = -1;

    /// <summary>How long one <see cref="Read"/> waits.</summary>
    public TimeSpan ReadTimeout
    {
        get => _connection.Transport.Socket.ReadTimeout;
        set => _connection.Transport.Socket.ReadTimeout = value;
    }

    /// <summary>
    /// Takes the next row, in the text format with its line feed. The span lives until the next call: it lies in the
    /// receive buffer.
    /// </summary>
    /// <exception cref="CdcException">The server's error, or a lost connection: some rows are missing.</exception>
    public PgRead Read(out ReadOnlySpan<byte> row)
    {
        row = default;
        while (!_ended)
        {
            if (!_connection.TryReadMessage(out byte type, out ReadOnlySpan<byte> body)) return PgRead.TimedOut;
            switch (type)
            {
                case (byte)'d' when !_done && _error is null:
                    row = body;
                    return PgRead.Data;
                case (byte)'c' when !_done: _done = true; break;
                case (byte)'C' when _done: RowsSent = Count(body); break;
                case (byte)'E': _error = _connection.TakeError(body, _error); break;
                case (byte)'Z': Finish(body); break;
                default: throw PgMessageReader.Unexpected(type, "a copy");
            }
        }
        return PgRead.Ended;
    }

    public void Dispose()
    {
        if (!_ended) _connection.Cancel();
    }

    /// <summary>Reads a CopyOutResponse or CopyBothResponse.</summary>
    internal static bool IsBinaryResponse(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        byte format = reader.Byte();
        int columns = reader.Int16();
        if (format > 1 || columns < 0) throw PgMessageReader.Violation("a copy in an unknown format");
        reader.Bytes(2 * columns);
        reader.End();
        return format == 1;
    }

    void Finish(ReadOnlySpan<byte> body)
    {
        _connection.TakeReady(body);
        _connection.Transport.Socket.Backlog = false;
        ReadTimeout = Timeout.InfiniteTimeSpan;
        _ended = true;
        if (_error is not null) throw PgFailures.From(_error, _connection.Endpoint);
        if (RowsSent < 0) throw PgMessageReader.Violation("a copy ends without its count");
    }

    static long Count(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        string tag = reader.Text();
        reader.End();
        return tag.StartsWith("COPY ", StringComparison.Ordinal)
            && long.TryParse(tag.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                ? count
                : throw PgMessageReader.Violation("a copy ends without its count");
    }
}
