using System.Buffers.Binary;
using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>Rows as the payload of a stream item: 16 bytes each.</summary>
static class RowsCodec
{
    public const int RowBytes = 16;

    public static void Write(Span<byte> to, RowChange row)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, row.Key);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], row.Shape);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], row.Value);
    }

    public static List<RowChange> Read(TableId table, ReadOnlySpan<byte> from)
    {
        var rows = new List<RowChange>(from.Length / RowBytes);
        for (; from.Length >= RowBytes; from = from[RowBytes..])
        {
            rows.Add(new(
                table,
                BinaryPrimitives.ReadUInt32LittleEndian(from),
                BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(from[4..])));
        }

        return rows;
    }
}
