using System.Buffers;
using System.Buffers.Binary;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Microsoft.Win32.SafeHandles;

namespace Cdc.Engine.Storage;

/// <summary>One segment: a header, frames, and once it is complete an index of runs of frames with a footer.</summary>
/// <remarks>Bytes read are never trusted: whatever they are, reading gives a batch or DiskFailed naming file and
/// offset. One thread at a time.</remarks>
sealed class SegmentFile : IDisposable
{
    public const int HeaderBytes = 16;
    const uint Format = 1;

    readonly FileStream _file;
    readonly SafeFileHandle _handle;

    SegmentFile(string path, FileStream file) => (Path, _file, _handle) = (path, file, file.SafeFileHandle);

    public string Path { get; }

    /// <summary>Bytes written or present.</summary>
    public long Length { get; private set; }

    static ReadOnlySpan<byte> Magic => "CDCSEGM\n"u8;

    public static SegmentFile Create(string path)
    {
        SegmentFile segment = new(path, PrivateFiles.Open(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read));
        try
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            Magic.CopyTo(header);
            BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Format);
            BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Crc32C.Of(header[..12]));
            segment.Write(header, default);
            return segment;
        }
        catch
        {
            segment.Delete();
            throw;
        }
    }

    /// <summary>Opens a segment that somebody else wrote.</summary>
    public static SegmentFile OpenRead(string path)
    {
        SegmentFile segment = new(path, PrivateFiles.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        try
        {
            segment.Length = RandomAccess.GetLength(segment._handle);
            segment.VerifyHeader();
            return segment;
        }
        catch
        {
            segment.Dispose();
            throw;
        }
    }

    /// <summary>Appends the two pieces as one; if that fails, the segment ends where it did before.</summary>
    public long Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        long offset = Length;
        RandomAccess.Write(_handle, first, offset);
        if (!second.IsEmpty) RandomAccess.Write(_handle, second, offset + first.Length);
        Length = offset + first.Length + second.Length;
        return offset;
    }

    /// <summary>The head of the frame at <paramref name="offset"/>, which lies wholly in the file. Null where the
    /// frames end.</summary>
    public SegmentFrame? Head(long offset)
    {
        Span<byte> head = stackalloc byte[SegmentFrame.HeadBytes];
        if (offset == Length) return null;
        int there = (int)Math.Min(head.Length, Length - offset);
        if (there < sizeof(uint)) throw Damaged(offset, "it is cut short");
        ReadAt(head[..there], offset);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) == SegmentIndex.Mark) return null;
        if (there < head.Length) throw Damaged(offset, "it is cut short");
        if (!SegmentFrame.TryRead(head, out SegmentFrame frame)) throw Damaged(offset, "no frame begins there");
        if (frame.Length > Length - offset) throw Damaged(offset, "the frame is cut short");
        return frame;
    }

    /// <summary>Reads a batch into pooled memory. The caller releases it.</summary>
    public RowBatch Read(long offset, TableSchema schema, RowBlockPool pool, CommitStamp commit)
    {
        SegmentFrame frame = Head(offset) ?? throw Damaged(offset, "no frame begins there");
        if (frame.Table != schema.Id || frame.SchemaSince != schema.Since)
            throw Damaged(offset, "the frame is of another table or version");

        RowBlock block = pool.Take(frame.RowBytes);
        int fixedBytes = checked((int)(SegmentFrame.HeadBytes + frame.StampsLength));
        byte[] head = ArrayPool<byte>.Shared.Rent(fixedBytes);
        try
        {
            Span<byte> rows = block.Memory.AsSpan(0, frame.RowBytes);
            ReadAt(head.AsSpan(0, fixedBytes), offset);
            ReadAt(rows, offset + fixedBytes);
            ReadOnlySpan<byte> stampBytes = head.AsSpan(SegmentFrame.HeadBytes, fixedBytes - SegmentFrame.HeadBytes);
            if (SegmentFrame.ChecksumOf(stampBytes, rows) != frame.Checksum)
                throw Damaged(offset, "the checksum is wrong");

            CommitStamps stamps = ReadStamps(stampBytes, frame, commit, offset);
            int bad = RowMemory.Adopt(rows, frame.Rows, schema.Columns.Length, frame.FirstStamp, frame.Stamps);
            if (bad >= 0) throw Damaged(offset + fixedBytes + bad, "no row of this table begins there");
            return new(schema, block, ..frame.RowBytes, frame.Rows, stamps, ..frame.Stamps);
        }
        finally
        {
            block.Release();
            ArrayPool<byte>.Shared.Return(head);
        }
    }

    public void ReadAt(Span<byte> target, long offset)
    {
        while (!target.IsEmpty)
        {
            int read = RandomAccess.Read(_handle, target, offset);
            if (read == 0) throw Damaged(offset, "it is cut short");
            target = target[read..];
            offset += read;
        }
    }

    public CdcException Damaged(long offset, string how) => new(
        FailureKind.DiskFailed, $"The file {Path} is damaged at byte {offset}: {how}.",
        "Check the disk, then start again: the file is a cache and is made anew.");

    public void Dispose() => _file.Dispose();

    public void Delete()
    {
        Dispose();
        try
        {
            File.Delete(Path);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            // The next start removes what is left over.
        }
    }

    void VerifyHeader()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (Length < HeaderBytes) throw Damaged(0, "it is cut short");
        ReadAt(header, 0);
        uint format = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (!header[..8].SequenceEqual(Magic)) throw Damaged(0, "it is not a segment");
        if (Crc32C.Of(header[..12]) != BinaryPrimitives.ReadUInt32LittleEndian(header[12..]))
            throw Damaged(0, "the header's checksum is wrong");
        if (format != Format) throw Damaged(8, $"its format is {format} and this cdc reads {Format}");
    }

    CommitStamps ReadStamps(ReadOnlySpan<byte> bytes, SegmentFrame frame, CommitStamp commit, long offset)
    {
        CommitStamps stamps = new();
        for (int i = 0; i < frame.Stamps; i++)
        {
            CommitStamp stamp = SegmentFrame.ReadStamp(bytes[(i * SegmentFrame.StampBytes)..]);
            if (stamp.Ts.Step > Protocol.CommitTs.MaxStep) throw Damaged(offset, "a position is impossible");
            bool wasOpen = stamp.Ts.Commit == 0;
            stamps.Add(wasOpen ? commit with { Ts = commit.Ts with { Step = stamp.Ts.Step }, Xid = stamp.Xid } : stamp);
        }
        return stamps;
    }
}
