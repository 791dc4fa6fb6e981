using System.Buffers.Binary;
using System.Text;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>Walks the body of one message.</summary>
/// <remarks>Whatever is asked for past its end is a <see cref="FailureKind.ProtocolViolation"/>.</remarks>
internal ref struct PgMessageReader(ReadOnlySpan<byte> body)
{
    ReadOnlySpan<byte> _rest = body;

    public readonly int Remaining => _rest.Length;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Bytes(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Bytes(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Bytes(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Bytes(8));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Bytes(8));

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)_rest.Length) throw Violation("a message ends in the middle of a field");
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>A text that ends with a zero byte. Bytes that are no UTF-8 become replacement characters.</summary>
    public string Text()
    {
        int end = _rest.IndexOf((byte)0);
        if (end < 0) throw Violation("a text has no end");
        string text = Encoding.UTF8.GetString(_rest[..end]);
        _rest = _rest[(end + 1)..];
        return text;
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty) throw Violation("a message is longer than its fields");
    }

    public static CdcException Violation(string what) => new(
        FailureKind.ProtocolViolation,
        $"The server does not speak PostgreSQL's protocol as documented: {what}.",
        "Check that the address is a PostgreSQL server and not a proxy of another kind.");

    public static CdcException Unexpected(byte type, string during) => Violation(
        $"message {(type is >= 0x21 and <= 0x7E ? $"'{(char)type}'" : $"0x{type:X2}")} during {during}");
}
