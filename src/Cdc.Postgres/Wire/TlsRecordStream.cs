using System.Buffers.Binary;

namespace Cdc.Postgres.Wire;

/// <summary>
/// The encrypted side of an SslStream: gathers bytes as <see cref="PolledSocket"/> does and hands them on record by
/// record, so that we know whether another record can be decrypted without waiting.
/// </summary>
internal sealed class TlsRecordStream(PolledSocket socket) : Stream
{
    const int HeaderBytes = 5;
    const int BufferBytes = 512 << 10;

    readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    int _start;
    int _end;

    /// <summary>Bytes of the current record that were not handed on yet.</summary>
    int _recordLeft;

    /// <summary>A read of decrypted bytes finds a whole record here and does not wait.</summary>
    public bool HasWholeRecord
    {
        get
        {
            int have = _end - _start;
            if (_recordLeft > 0) return have >= _recordLeft;
            return have >= HeaderBytes && have >= RecordBytes();
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="ReadTimedOutException">Nothing came in time; nothing has changed.</exception>
    public override int Read(Span<byte> buffer)
    {
        // SslStream waits for data with an empty read, so that must wait too.
        int needed = _recordLeft > 0 ? 1 : HeaderBytes;
        while (_end - _start < needed)
        {
            if (!TryFill()) return TakeLast(buffer);
        }
        if (buffer.IsEmpty) return 0;
        if (_recordLeft == 0) _recordLeft = RecordBytes();
        int taken = Take(buffer, _recordLeft);
        _recordLeft -= taken;
        return taken;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer) => socket.Send(buffer);

    public override void Write(byte[] buffer, int offset, int count) => socket.Send(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int RecordBytes() => HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start + 3));

    bool TryFill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        int received = socket.Receive(_buffer.AsSpan(_end));
        if (received == PolledSocket.TimedOut) throw new ReadTimedOutException();
        _end += received;
        return received > 0;
    }

    // The stream ended inside a record or its header; SslStream knows what to say about that.
    int TakeLast(Span<byte> buffer) => Take(buffer, int.MaxValue);

    int Take(Span<byte> buffer, int most)
    {
        int taken = Math.Min(Math.Min(buffer.Length, most), _end - _start);
        _buffer.AsSpan(_start, taken).CopyTo(buffer);
        _start += taken;
        return taken;
    }
}

/// <summary>Passes through SslStream, which lets an IOException pass and goes on with the next read.</summary>
internal sealed class ReadTimedOutException() : IOException("No data came in time.");
