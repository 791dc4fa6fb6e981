using System.Buffers.Binary;
using System.Buffers.Text;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>A point: its coordinates, and the same as well-known binary.</summary>
internal static class DebeziumPoint
{
    const int WellKnownBinaryLength = 21;

    public static bool TryWrite(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        int comma = text.IndexOf((byte)',');
        if (comma < 2 || text[0] != '(' || text[^1] != ')') return false;
        ReadOnlySpan<byte> x = text[1..comma];
        ReadOnlySpan<byte> y = text[(comma + 1)..^1];
        if (!JsonNumber.IsNumber(x) || !JsonNumber.IsNumber(y)) return false;
        if (!Utf8Parser.TryParse(x, out double xValue, out _)) return false;
        if (!Utf8Parser.TryParse(y, out double yValue, out _)) return false;

        Span<byte> binary = stackalloc byte[WellKnownBinaryLength];
        binary[0] = 1; // little endian
        BinaryPrimitives.WriteInt32LittleEndian(binary[1..], 1); // a point
        BinaryPrimitives.WriteDoubleLittleEndian(binary[5..], xValue);
        BinaryPrimitives.WriteDoubleLittleEndian(binary[13..], yValue);
        output.Write("{\"x\":"u8);
        output.Write(x);
        output.Write(",\"y\":"u8);
        output.Write(y);
        output.Write(",\"wkb\":"u8);
        DebeziumCells.WriteBase64(ref output, binary);
        output.Write(",\"srid\":null}"u8);
        return true;
    }
}
