using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>A version byte, and a value in the form of that version.</summary>
sealed class Versioned<T>(Shape<T> shape, byte oldest, byte current) where T : class
{
    public Shape<T> Shape => shape;

    public void Write(T value, IBufferWriter<byte> output, byte version)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, oldest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, current);
        WireWriter writer = new(output, version);
        writer.Byte(version);
        shape.Write(ref writer, value);
        writer.Flush();
    }

    public bool TryRead(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? error)
    {
        value = null;
        if (bytes.IsEmpty)
        {
            error = "It is empty.";
            return false;
        }
        byte version = bytes[0];
        if (version < oldest || version > current)
        {
            error = $"It has version {version}; versions {oldest} to {current} are read.";
            return false;
        }
        WireReader reader = new(bytes[1..], version);
        T read = shape.Read(ref reader);
        if (reader.Remaining > 0) reader.Fail("Something follows its end.");
        error = reader.Error;
        if (error is not null) return false;
        value = read;
        return true;
    }
}
