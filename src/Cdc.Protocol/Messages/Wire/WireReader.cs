using System.Text;
using System.Text.Unicode;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>Reads what a stranger wrote. The first thing that is wrong stays in <see cref="Error"/>; from there on
/// everything is empty, and nothing throws.</summary>
/// <remarks>Each value has one form only: what was read is written back byte for byte.</remarks>
ref struct WireReader(ReadOnlySpan<byte> bytes, byte version)
{
    ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The version that it was written in: fields that are younger are not there.</summary>
    public byte Version { get; } = version;

    public string? Error { get; private set; }

    public readonly int Remaining => _rest.Length;

    public void Fail(string error)
    {
        Error ??= error;
        _rest = default;
    }

    public byte Byte()
    {
        if (_rest.IsEmpty)
        {
            Fail("It ends early.");
            return 0;
        }
        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public bool Bool()
    {
        byte value = Byte();
        if (value > 1) Fail("A yes or no is neither.");
        return value == 1;
    }

    public ulong Varint()
    {
        if (_rest.Length > 0 && _rest[0] < 0x80)
        {
            ulong small = _rest[0];
            _rest = _rest[1..];
            return small;
        }
        return Long();
    }

    public ulong Varint(ulong max, string tooLarge)
    {
        ulong value = Varint();
        if (value <= max) return value;
        Fail(tooLarge);
        return 0;
    }

    public long Zigzag()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public Guid Guid() => Take(16, out ReadOnlySpan<byte> bytes) ? new Guid(bytes) : default;

    public byte[] Bytes()
    {
        ulong length = Varint();
        return TakeLong(length, out ReadOnlySpan<byte> bytes) ? bytes.ToArray() : [];
    }

    /// <param name="max">The most bytes that it may have.</param>
    /// <param name="bias">What was added to the number of its bytes; a smaller number is null.</param>
    public string? Text(int max, uint bias)
    {
        ulong length = Varint();
        if (length < bias) return null;
        length -= bias;
        if (length > (ulong)max)
        {
            Fail("A text is too long.");
            return "";
        }
        if (!TakeLong(length, out ReadOnlySpan<byte> bytes)) return "";
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        Fail("A text is not UTF-8.");
        return "";
    }

    /// <summary>How many elements follow. More than the bytes that are left can hold is refused.</summary>
    public int Count(int leastBytes)
    {
        ulong count = Varint();
        if (count <= (ulong)(_rest.Length / leastBytes)) return (int)count;
        Fail("It names more elements than it has bytes for.");
        return 0;
    }

    ulong Long()
    {
        ulong value = 0;
        for (int i = 0; i < _rest.Length && i < 10; i++)
        {
            byte next = _rest[i];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next >= 0x80) continue;
            if (next == 0 || (i == 9 && next > 1)) break;
            _rest = _rest[(i + 1)..];
            return value;
        }
        Fail("A number is cut off, too long or too large.");
        return 0;
    }

    bool TakeLong(ulong length, out ReadOnlySpan<byte> bytes) =>
        Take(length <= int.MaxValue ? (int)length : int.MaxValue, out bytes);

    bool Take(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > _rest.Length)
        {
            Fail("It ends early.");
            return false;
        }
        bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }
}
