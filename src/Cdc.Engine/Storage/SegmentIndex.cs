using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Cdc.Protocol;

namespace Cdc.Engine.Storage;

/// <summary>The end of a complete segment: its runs of frames, and a footer that says where the index begins.</summary>
/// <remarks>
/// Index: mark (4 bytes), checksum of what follows up to the footer (4), number of runs (4), four bytes zero, then per
/// run offset (8), length (8), first position (8 + 4), last position (8 + 4), frames (4), four bytes zero. Footer:
/// offset of the index (8), mark (4), checksum of these twelve (4).
/// </remarks>
static class SegmentIndex
{
    public const uint Mark = 0x49434443; // "CDCI"
    const uint FooterMark = 0x45434443; // "CDCE"
    const int HeadBytes = 16;
    const int RunBytes = 48;
    const int FooterBytes = 16;

    public static byte[] Write(List<SegmentRun> runs, long offset)
    {
        byte[] bytes = new byte[HeadBytes + runs.Count * RunBytes + FooterBytes];
        Span<byte> footer = bytes.AsSpan(bytes.Length - FooterBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), runs.Count);
        for (int i = 0; i < runs.Count; i++) WriteRun(bytes.AsSpan(HeadBytes + i * RunBytes), runs[i]);
        uint crc = Crc32C.Of(bytes.AsSpan(8, bytes.Length - FooterBytes - 8));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), crc);

        BinaryPrimitives.WriteInt64LittleEndian(footer, offset);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[8..], FooterMark);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[12..], Crc32C.Of(footer[..12]));
        return bytes;
    }

    /// <summary>The index, or null if the file has none that is whole; its frames can still be scanned.</summary>
    public static List<SegmentRun>? TryRead(SegmentFile file)
    {
        if (file.Length < SegmentFile.HeaderBytes + HeadBytes + FooterBytes) return null;
        Span<byte> footer = stackalloc byte[FooterBytes];
        file.ReadAt(footer, file.Length - FooterBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(footer[8..]) != FooterMark
            || BinaryPrimitives.ReadUInt32LittleEndian(footer[12..]) != Crc32C.Of(footer[..12])) return null;
        long offset = BinaryPrimitives.ReadInt64LittleEndian(footer);
        long length = file.Length - FooterBytes - offset;
        if (offset < SegmentFile.HeaderBytes || length < HeadBytes || length > Array.MaxLength) return null;

        byte[] bytes = new byte[length];
        file.ReadAt(bytes, offset);
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Mark || count < 0
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)) != Crc32C.Of(bytes.AsSpan(8))
            || length != HeadBytes + (long)count * RunBytes) return null;
        List<SegmentRun> runs = new(count);
        for (int i = 0; i < count; i++) runs.Add(ReadRun(bytes.AsSpan(HeadBytes + i * RunBytes)));
        return Tile(CollectionsMarshal.AsSpan(runs), offset) ? runs : null;
    }

    // The runs must cover the frames without gap or overlap, or the index is not of this file.
    static bool Tile(ReadOnlySpan<SegmentRun> runs, long end)
    {
        long next = SegmentFile.HeaderBytes;
        foreach (SegmentRun run in runs)
        {
            if (run.Offset != next || run.Length <= 0 || run.Length > end - next || run.Frames <= 0) return false;
            next = run.End;
        }
        return next == end;
    }

    static void WriteRun(Span<byte> target, SegmentRun run)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, run.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], run.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], run.First.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(target[24..], run.First.Step);
        BinaryPrimitives.WriteUInt64LittleEndian(target[28..], run.Last.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(target[36..], run.Last.Step);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], run.Frames);
    }

    static SegmentRun ReadRun(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64LittleEndian(source),
        BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
        new CommitTs(BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[24..])),
        new CommitTs(BinaryPrimitives.ReadUInt64LittleEndian(source[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[36..])),
        BinaryPrimitives.ReadInt32LittleEndian(source[40..]));
}
