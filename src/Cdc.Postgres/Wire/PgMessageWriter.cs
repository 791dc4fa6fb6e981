using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Cdc.Postgres.Wire;

/// <summary>Builds one message for the server at a time; these are rare, so it may allocate.</summary>
internal sealed class PgMessageWriter
{
    readonly ArrayBufferWriter<byte> _buffer = new(256);
    int _lengthAt;

    public void Begin(byte type)
    {
        _buffer.ResetWrittenCount();
        Byte(type);
        _lengthAt = 1;
        Int32(0);
    }

    /// <summary>The first messages of a connection have no type.</summary>
    public void BeginUntyped()
    {
        _buffer.ResetWrittenCount();
        _lengthAt = 0;
        Int32(0);
    }

    public void Byte(byte value) => _buffer.Write([value]);

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void Text(string text)
    {
        // The rest would be taken for the next field.
        if (text.Contains('\0')) throw new ArgumentException("A zero byte can't be sent in a text.", nameof(text));
        Encoding.UTF8.GetBytes(text, _buffer);
        Byte(0);
    }

    /// <summary>The whole message; valid until the next Begin.</summary>
    public ReadOnlySpan<byte> End()
    {
        byte[] message = _buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(_lengthAt), message.Length - _lengthAt);
        return message;
    }
}
