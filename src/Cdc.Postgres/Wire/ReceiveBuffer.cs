using System.Buffers.Binary;

namespace Cdc.Postgres.Wire;

/// <summary>
/// Received bytes, taken out message by message as spans. One mebibyte, except while a longer message is under way.
/// </summary>
/// <remarks>
/// A span from <see cref="TryTake"/> lives until the next <see cref="Room"/>. What a length field promises is only
/// allocated as bytes arrive: the buffer doubles when it is full, so a liar gets twice what it sent.
/// </remarks>
internal sealed class ReceiveBuffer(int capacity = ReceiveBuffer.DefaultCapacity)
{
    public const int DefaultCapacity = 1 << 20;
    const int HeaderBytes = 5;

    readonly byte[] _home = GC.AllocateUninitializedArray<byte>(capacity);
    byte[]? _grown;
    int _start;
    int _end;

    /// <summary>Length of the message that the next bytes belong to, as far as it is known.</summary>
    int _wanted = HeaderBytes;

    public int Capacity => (_grown ?? _home).Length;

    public bool IsEmpty => _start == _end;

    /// <summary>Takes the next message if all of it has arrived.</summary>
    public bool TryTake(int bodyMax, out byte type, out ReadOnlySpan<byte> body)
    {
        type = 0;
        body = default;
        ReadOnlySpan<byte> have = (_grown ?? _home).AsSpan(_start, _end - _start);
        if (have.Length < HeaderBytes)
        {
            _wanted = HeaderBytes;
            return false;
        }
        // The length counts its own four bytes and not the type.
        int bodyLength = BinaryPrimitives.ReadInt32BigEndian(have[1..]) - 4;
        if ((uint)bodyLength > (uint)bodyMax)
            throw PgMessageReader.Violation($"a message of type 0x{have[0]:X2} claims an impossible length");
        _wanted = HeaderBytes + bodyLength;
        if (have.Length < _wanted) return false;

        type = have[0];
        body = have.Slice(HeaderBytes, bodyLength);
        _start += _wanted;
        return true;
    }

    /// <summary>Where the next received bytes go; never empty. Call when <see cref="TryTake"/> said no.</summary>
    public Span<byte> Room()
    {
        byte[] from = _grown ?? _home;
        int held = _end - _start;
        if (_grown is not null && _wanted <= _home.Length) _grown = null;
        else if (held == from.Length) _grown = GC.AllocateUninitializedArray<byte>(Larger(from.Length));

        byte[] to = _grown ?? _home;
        if (held > 0 && (_start > 0 || to != from)) from.AsSpan(_start, held).CopyTo(to);
        (_start, _end) = (0, held);
        return to.AsSpan(held);
    }

    public void Received(int count) => _end += count;

    int Larger(int length) => (int)Math.Min(_wanted, 2L * length);
}
