using System.Buffers;
using System.Globalization;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Storage;

/// <summary>Keeps batches in files of one directory and gives them back: a cache, whose truth is the source's
/// log.</summary>
/// <remarks>
/// Order: entries follow each other as they were appended; <see cref="TryNext"/> walks them, so that a caller may
/// remember two entries of a long run instead of all. Durability: none; files that a dead process left are removed at
/// construction, all others at the latest by <see cref="Dispose"/>. A segment's file goes when every entry in it was
/// released. Errors: DiskFailed, for a full disk and for bytes that are not what was written; the log may be used
/// further. Concurrency: one call at a time. The directory belongs to this object alone.
/// </remarks>
public sealed class SegmentLog : IDisposable
{
    const string Extension = ".segment";

    readonly Dictionary<int, Segment> _segments = [];
    readonly string _directory;
    readonly RowBlockPool _pool;
    readonly long _segmentBytes;
    Segment? _current;
    int _lastNumber;

    public SegmentLog(string directory, RowBlockPool pool, long segmentBytes = Limits.SegmentBytes)
    {
        (_directory, _pool, _segmentBytes) = (directory, pool, segmentBytes);
        try
        {
            PrivateFiles.CreateDirectory(directory);
            foreach (string leftover in Directory.GetFiles(directory, "*" + Extension)) File.Delete(leftover);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, directory);
        }
    }

    /// <summary>Bytes of all segments now on disk.</summary>
    public long BytesOnDisk => _segments.Values.Sum(static segment => segment.File.Length);

    /// <summary>Copies the batch to disk. The caller still releases the batch, and the entry once it is needed no
    /// more.</summary>
    public SegmentEntry Append(RowBatch batch)
    {
        SegmentFrame frame = SegmentFrame.Of(batch);
        int fixedBytes = checked((int)(SegmentFrame.HeadBytes + frame.StampsLength));
        byte[] head = ArrayPool<byte>.Shared.Rent(fixedBytes);
        try
        {
            frame.Write(head.AsSpan(0, fixedBytes), batch.Stamps, batch.Raw);
            Segment segment = Room(frame.Length);
            long offset = segment.File.Write(head.AsSpan(0, fixedBytes), batch.Raw);
            segment.Added(new(offset, frame.Length, batch.FirstTs, batch.LastTs, 1));
            return new(segment.Number, offset, frame.Length, frame.Table, frame.SchemaSince, frame.Rows);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, _directory);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }
    }

    /// <summary>Reads a batch back. Rows of a transaction that was open when they were appended now carry
    /// <paramref name="commit"/> and <paramref name="commitTime"/>, each in its own step. The caller releases the
    /// batch.</summary>
    public RowBatch Read(SegmentEntry entry, TableSchema schema, ulong commit, long commitTime)
    {
        SegmentFile file = Find(entry).File;
        try
        {
            return file.Read(entry.Offset, schema, _pool, new(new(commit, 0), commitTime, 0));
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, _directory);
        }
    }

    /// <summary>The entry appended after this one; false if this is the last. Its file must not be gone.</summary>
    public bool TryNext(SegmentEntry entry, out SegmentEntry next)
    {
        try
        {
            long offset = entry.Offset + entry.Length;
            for (int number = entry.Segment; number <= _lastNumber; number++, offset = SegmentFile.HeaderBytes)
            {
                if (!_segments.TryGetValue(number, out Segment? segment)) continue;
                if (segment.File.Head(offset) is not { } frame) continue;
                next = new(number, offset, frame.Length, frame.Table, frame.SchemaSince, frame.Rows);
                return true;
            }
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, _directory);
        }
        next = default;
        return false;
    }

    /// <summary>The entry will not be read again. Once per entry.</summary>
    public void Release(SegmentEntry entry)
    {
        Segment segment = Find(entry);
        Check.That(segment.References > 0);
        if (--segment.References > 0) return;
        if (ReferenceEquals(segment, _current)) _current = null;
        _segments.Remove(segment.Number);
        segment.File.Delete();
    }

    public void Dispose()
    {
        foreach (Segment segment in _segments.Values) segment.File.Delete();
        _segments.Clear();
        _current = null;
    }

    Segment Find(SegmentEntry entry)
    {
        Check.That(_segments.ContainsKey(entry.Segment));
        return _segments[entry.Segment];
    }

    Segment Room(long bytes)
    {
        // A frame larger than a segment gets one of its own.
        if (_current is { References: > 0 } full && full.File.Length + bytes > _segmentBytes)
        {
            full.Complete();
            _current = null;
        }
        return _current ??= Open();
    }

    Segment Open()
    {
        int number = _lastNumber + 1;
        string path = Path.Combine(_directory, number.ToString("x8", CultureInfo.InvariantCulture) + Extension);
        Segment segment = new(number, SegmentFile.Create(path));
        _segments.Add(number, segment);
        _lastNumber = number;
        return segment;
    }

    sealed class Segment(int number, SegmentFile file)
    {
        readonly List<SegmentRun> _runs = [];

        public int Number => number;
        public SegmentFile File => file;
        public long References { get; set; }

        public void Added(SegmentRun run)
        {
            References++;
            if (_runs.Count > 0 && _runs[^1].TryJoin(run, out SegmentRun joined)) _runs[^1] = joined;
            else _runs.Add(run);
        }

        public void Complete() => file.Write(SegmentIndex.Write(_runs, file.Length), default);
    }
}
