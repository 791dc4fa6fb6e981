using System.Buffers;
using System.Text;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>Appends to a buffer. <see cref="Flush"/> hands over the rest.</summary>
ref struct WireWriter(IBufferWriter<byte> output, byte version)
{
    const int LeastRoom = 256;
    const int VarintMax = 10;

    Span<byte> _room = output.GetSpan(LeastRoom);
    int _at;

    /// <summary>The version that is written: fields that are younger are left out.</summary>
    public byte Version { get; } = version;

    public void Byte(byte value)
    {
        Ensure(1);
        _room[_at++] = value;
    }

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <summary>Seven bits a byte, the least significant first.</summary>
    public void Varint(ulong value)
    {
        Ensure(VarintMax);
        while (value >= 0x80)
        {
            _room[_at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _room[_at++] = (byte)value;
    }

    /// <summary>A varint in which small negative numbers are short, too.</summary>
    public void Zigzag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void Guid(Guid value)
    {
        Ensure(16);
        value.TryWriteBytes(_room[_at..]);
        _at += 16;
    }

    /// <summary>A length, and that many bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Varint((ulong)value.Length);
        Ensure(value.Length);
        value.CopyTo(_room[_at..]);
        _at += value.Length;
    }

    /// <summary>UTF-8 behind the number of its bytes plus <paramref name="bias"/>.</summary>
    /// <exception cref="InvalidOperationException">It has more than <paramref name="max"/> bytes.</exception>
    public void Text(ReadOnlySpan<char> value, int max, uint bias)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        if (length > max) throw new InvalidOperationException($"A name of {length} bytes; {max} are the most.");
        Varint((ulong)length + bias);
        Ensure(length);
        _at += Encoding.UTF8.GetBytes(value, _room[_at..]);
    }

    public void Flush()
    {
        output.Advance(_at);
        _room = default;
        _at = 0;
    }

    void Ensure(int bytes)
    {
        if (_room.Length - _at >= bytes) return;
        output.Advance(_at);
        _room = output.GetSpan(Math.Max(bytes, LeastRoom));
        _at = 0;
    }
}
