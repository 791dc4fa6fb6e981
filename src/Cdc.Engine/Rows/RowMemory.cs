using System.Buffers.Binary;

namespace Cdc.Engine.Rows;

/// <summary>Proves that bytes from outside are rows, so that reading them later can't leave their memory.</summary>
static class RowMemory
{
    /// <summary>Verifies every length, count and enumeration, and counts stamps from 0 instead of
    /// <paramref name="firstStamp"/>. Returns the offset of the first row that is none, or -1 if all are.</summary>
    public static int Adopt(Span<byte> bytes, int rows, int columns, int firstStamp, int stamps)
    {
        int offset = 0;
        int stamp = 0;
        for (; rows > 0 && offset < bytes.Length; rows--)
        {
            Span<byte> rest = bytes[offset..];
            if (!TryMeasure(rest, columns, out int length)) return offset;
            int index = BinaryPrimitives.ReadInt32LittleEndian(rest[12..]) - firstStamp;
            if (index < stamp || index >= stamps) return offset;
            BinaryPrimitives.WriteInt32LittleEndian(rest[12..], index);
            (offset, stamp) = (offset + length, index);
        }
        return rows == 0 && offset == bytes.Length ? -1 : offset;
    }

    static bool TryMeasure(ReadOnlySpan<byte> bytes, int columns, out int length)
    {
        length = 0;
        if (bytes.Length < Row.HeaderSize) return false;
        length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < Row.HeaderSize || length > bytes.Length) return false;
        int old = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (old < 0 || old > length - Row.HeaderSize) return false;

        (Op op, OldImage image, byte flags) = ((Op)bytes[16], (OldImage)bytes[17], bytes[18]);
        const byte Known = (byte)(RowFlags.KeyChanged | RowFlags.HasUnchanged);
        if (op is < Op.Snapshot or > Op.Message || image > OldImage.Full || (flags & ~Known) != 0) return false;
        ReadOnlySpan<byte> oldCells = bytes.Slice(Row.HeaderSize, old);
        ReadOnlySpan<byte> newCells = bytes[(Row.HeaderSize + old)..length];
        return HoldsCells(oldCells, image == OldImage.None ? 0 : columns)
            && HoldsCells(newCells, op == Op.Delete ? 0 : columns);
    }

    static bool HoldsCells(ReadOnlySpan<byte> bytes, int cells)
    {
        for (; cells > 0; cells--)
        {
            if (bytes.Length < sizeof(int)) return false;
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            bytes = bytes[sizeof(int)..];
            if (length < Cell.UnchangedLength || length > bytes.Length) return false;
            if (length > 0) bytes = bytes[length..];
        }
        return bytes.IsEmpty;
    }
}
