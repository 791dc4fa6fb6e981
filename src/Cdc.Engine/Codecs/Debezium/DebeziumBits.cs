using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>Bit strings: one bit is a boolean, more are bytes, the last bit lowest and the lowest byte first.</summary>
internal static class DebeziumBits
{
    public static bool TryWrite(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        if (text.ContainsAnyExcept((byte)'0', (byte)'1')) return false;
        if (type.Modifier == 1 && text.Length == 1)
        {
            output.Write(text[0] == '1' ? "true"u8 : "false"u8);
            return true;
        }
        byte[] bytes = new byte[text.Length / 8 + 1];
        int used = 0;
        for (int bit = 0; bit < text.Length; bit++)
        {
            if (text[text.Length - 1 - bit] != '1') continue;
            bytes[bit / 8] |= (byte)(1 << (bit % 8));
            used = bit / 8 + 1; // Bytes above the highest set bit are not written.
        }
        DebeziumCells.WriteBase64(ref output, bytes.AsSpan(0, used));
        return true;
    }
}
