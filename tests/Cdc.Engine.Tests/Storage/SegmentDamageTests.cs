using System.Buffers.Binary;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Storage;
using Cdc.Engine.Tests.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Storage;

public sealed class SegmentDamageTests : IDisposable
{
    readonly TestDirectory _directory = new();
    readonly RowBlockPool _pool = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_reads_the_same_with_and_without_its_index(bool withIndex)
    {
        (byte[] bytes, List<PlainRow> rows) = Segment(rows: 200);
        string path = _directory["copy"];
        File.WriteAllBytes(path, withIndex ? bytes : bytes[..^16]);
        using SegmentReader reader = new(path);
        Assert.Equal(withIndex, reader.HasIndex);
        Assert.Equal(rows, ReadAll(reader));
    }

    [Fact]
    public void The_index_leads_to_the_runs_behind_a_position()
    {
        string path = _directory["indexed"];
        using (SegmentFile file = SegmentFile.Create(path))
        {
            List<SegmentRun> runs = [.. Enumerable.Range(1, 5).Select(i => Frame(file, (ulong)i * 10))];
            file.Write(SegmentIndex.Write(runs, file.Length), default);
        }
        using SegmentReader reader = new(path);
        Assert.Equal([30UL, 40, 50], reader.Runs(new(21, 0)).Select(run => run.First.Commit));
    }

    [Fact]
    public void Every_cut_gives_the_rows_before_it_or_a_failure_naming_the_file()
    {
        (byte[] bytes, List<PlainRow> rows) = Segment(rows: 12);
        for (int length = 0; length < bytes.Length; length++) Attempt(bytes[..length], rows, mustBeOurs: true);
    }

    [Fact]
    public void Every_edited_byte_gives_the_same_rows_or_a_failure_naming_the_file()
    {
        (byte[] bytes, List<PlainRow> rows) = Segment(rows: 12);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte kept = bytes[i];
            foreach (int bit in (int[])[1, 0x80, 0xFF])
            {
                bytes[i] ^= (byte)bit;
                Attempt(bytes, rows, mustBeOurs: true);
                bytes[i] = kept;
            }
        }
    }

    [Fact]
    public void Hostile_bytes_with_a_right_checksum_give_a_batch_or_a_failure()
    {
        (byte[] bytes, List<PlainRow> rows) = Segment(rows: 12);
        Random random = new(20261120);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int readable = 0;
        for (int round = 0; round < 5_000; round++)
        {
            byte[] hostile = [.. bytes];
            for (int edits = random.Next(1, 4); edits > 0; edits--) Edit(hostile, random);
            FixChecksum(hostile);
            if (Attempt(hostile, rows, mustBeOurs: false)) readable++;
        }
        Assert.True(readable > 0);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2L << 30,
            "no length in a file may decide what is allocated");
    }

    // Edits hit the first frame's head, stamps and lengths of rows more often than the bytes of values.
    static void Edit(byte[] bytes, Random random)
    {
        int place = random.Next(3) == 0 ? random.Next(bytes.Length) : SegmentFile.HeaderBytes + random.Next(160);
        if (random.Next(2) == 0) bytes[place] = (byte)random.Next(256);
        else if (place + 4 <= bytes.Length)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place), random.Next(2) == 0 ? random.Next(-3, 40)
                : random.Next());
    }

    static void FixChecksum(byte[] bytes)
    {
        Span<byte> frame = bytes.AsSpan(SegmentFile.HeaderBytes);
        SegmentFrame.Seal(frame);
        if (!SegmentFrame.TryRead(frame, out SegmentFrame head) || head.Length > frame.Length) return;
        uint crc = Crc32C.Of(frame[SegmentFrame.HeadBytes..(int)head.Length]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], crc);
        SegmentFrame.Seal(frame);
    }

    bool Attempt(byte[] bytes, List<PlainRow> expected, bool mustBeOurs)
    {
        string path = _directory["damaged"];
        File.WriteAllBytes(path, bytes);
        try
        {
            using SegmentReader reader = new(path);
            List<PlainRow> read = ReadAll(reader);
            if (mustBeOurs) Assert.Equal(expected.Take(read.Count), read);
            return true;
        }
        catch (CdcException failure)
        {
            Assert.Equal(FailureKind.DiskFailed, failure.Kind);
            Assert.Contains(path, failure.Message);
            Assert.Contains("at byte", failure.Message);
            return false;
        }
        finally
        {
            Assert.Equal(0, _pool.BytesOut);
        }
    }

    List<PlainRow> ReadAll(SegmentReader reader)
    {
        List<PlainRow> rows = [];
        foreach (SegmentEntry entry in reader.Runs(CommitTs.Zero).SelectMany(reader.Entries))
        {
            // A hostile file may name any table; a host that doesn't know it never reads its frames.
            if (RandomRows.Tables.FirstOrDefault(t => t.Id == entry.Table && t.Since == entry.SchemaSince)
                is not { } table)
                continue;
            RowBatch batch = reader.Read(entry, table, _pool, 77, 99);
            foreach (Row row in batch) rows.Add(PlainRow.Of(table, row));
            batch.Release();
        }
        return rows;
    }

    SegmentRun Frame(SegmentFile file, ulong commit)
    {
        RowWriter writer = new(_pool);
        new RandomRows(1).Write(writer, new(new(commit, 0), 1, 1), rows: 1);
        writer.Commit(commit, 1);
        writer.Seal();
        RowBatch batch = writer.Completed[0];
        SegmentFrame frame = SegmentFrame.Of(batch);
        byte[] head = new byte[frame.Length - frame.RowBytes];
        frame.Write(head, batch.Stamps, batch.Raw);
        long offset = file.Write(head, batch.Raw);
        writer.Abandon();
        return new(offset, frame.Length, batch.FirstTs, batch.LastTs, 1);
    }

    // The bytes of a completed segment: a log is made to rotate, and its first file is copied before it goes.
    (byte[] Bytes, List<PlainRow> Rows) Segment(int rows)
    {
        RowWriter writer = new(_pool);
        List<PlainRow> written = new RandomRows(11) { LargestValue = 12 }.Write(writer, new(new(77, 0), 99, 7), rows);
        writer.Seal();
        long exactly = SegmentFile.HeaderBytes + writer.Completed.Sum(static batch => SegmentFrame.Of(batch).Length);
        using SegmentLog log = new(_directory["log"], _pool, exactly);
        foreach (RowBatch batch in writer.Completed) log.Append(batch);
        log.Append(writer.Completed[0]);
        writer.Abandon();
        return (File.ReadAllBytes(Path.Combine(_directory["log"], "00000001.segment")), written);
    }
}
