using System.Buffers.Binary;
using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Storage;

/// <summary>The head of one frame: everything of a batch but its stamps and rows, which follow it.</summary>
/// <remarks>
/// Little endian: mark (4 bytes), checksum of stamps and rows (4), bytes of rows (4), rows (4), number of the first
/// stamp as the rows count them (4), stamps (4), table (8), schema since: commit (8) and step (4), checksum of the head
/// so far (4). Then the stamps, each commit (8), step (4), transaction (4), commit time (8). Then the rows as <see
/// cref="Row"/> stores them.
/// </remarks>
readonly record struct SegmentFrame(
    uint Checksum, int RowBytes, int Rows, int FirstStamp, int Stamps, TableId Table, CommitTs SchemaSince)
{
    public const uint Mark = 0x46434443; // "CDCF"
    public const int HeadBytes = 48;
    public const int StampBytes = 24;
    const int HeadSummed = HeadBytes - sizeof(uint);

    // Head and stamps are read into one array.
    const int StampsMax = int.MaxValue / StampBytes - HeadBytes;

    public long StampsLength => (long)Stamps * StampBytes;
    public long Length => HeadBytes + StampsLength + RowBytes;

    public static SegmentFrame Of(RowBatch batch) => new(
        0, batch.ByteCount, batch.Count, batch.StampsUsed.Start.Value,
        batch.StampsUsed.End.Value - batch.StampsUsed.Start.Value, batch.Schema.Id, batch.Schema.Since);

    /// <summary>Writes head and stamps, checksummed together with the rows that will follow.</summary>
    public void Write(Span<byte> target, CommitStamps stamps, ReadOnlySpan<byte> rows)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], RowBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], Rows);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], FirstStamp);
        BinaryPrimitives.WriteInt32LittleEndian(target[20..], Stamps);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Table.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], SchemaSince.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(target[40..], SchemaSince.Step);
        for (int i = 0; i < Stamps; i++) WriteStamp(target[(HeadBytes + i * StampBytes)..], stamps[FirstStamp + i]);

        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], ChecksumOf(target[HeadBytes..], rows));
        Seal(target);
    }

    /// <summary>Checksums a head whose other parts are written.</summary>
    public static void Seal(Span<byte> head) =>
        BinaryPrimitives.WriteUInt32LittleEndian(head[HeadSummed..], Crc32C.Of(head[..HeadSummed]));

    public static uint ChecksumOf(ReadOnlySpan<byte> stamps, ReadOnlySpan<byte> rows)
    {
        Crc32C crc = new();
        crc.Add(stamps);
        crc.Add(rows);
        return crc.Value;
    }

    /// <summary>Reads a head; false if it can't be one. What it says of lengths is not proved by that.</summary>
    public static bool TryRead(ReadOnlySpan<byte> head, out SegmentFrame frame)
    {
        frame = new(
            BinaryPrimitives.ReadUInt32LittleEndian(head[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[20..]),
            new(BinaryPrimitives.ReadInt64LittleEndian(head[24..])),
            new(BinaryPrimitives.ReadUInt64LittleEndian(head[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(head[40..])));
        return BinaryPrimitives.ReadUInt32LittleEndian(head) == Mark
            && BinaryPrimitives.ReadUInt32LittleEndian(head[HeadSummed..]) == Crc32C.Of(head[..HeadSummed])
            && frame.RowBytes > 0 && frame.Rows > 0 && frame.FirstStamp >= 0 && frame.Stamps is > 0 and < StampsMax
            && frame.SchemaSince.Step <= CommitTs.MaxStep;
    }

    static void WriteStamp(Span<byte> target, CommitStamp stamp)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, stamp.Ts.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], stamp.Ts.Step);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], stamp.Xid);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], stamp.CommitTime);
    }

    public static CommitStamp ReadStamp(ReadOnlySpan<byte> source) => new(
        new(BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt32LittleEndian(source[8..])),
        BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));
}
