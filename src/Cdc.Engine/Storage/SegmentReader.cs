using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Storage;

/// <summary>Reads a segment's file without the log that wrote it, with its index or, where there is none,
/// without.</summary>
/// <remarks>Whatever the bytes are, the answer is a batch or DiskFailed naming file and offset. One thread at a
/// time.</remarks>
public sealed class SegmentReader : IDisposable
{
    readonly SegmentFile _file;
    readonly List<SegmentRun>? _index;

    public SegmentReader(string path)
    {
        try
        {
            _file = SegmentFile.OpenRead(path);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        try
        {
            _index = SegmentIndex.TryRead(_file);
        }
        catch (Exception exception)
        {
            _file.Dispose();
            throw DiskFailure.Is(exception) ? _file.Damaged(0, exception.Message) : exception;
        }
    }

    /// <summary>Whether the segment was completed: its index is there and whole.</summary>
    public bool HasIndex => _index is not null;

    /// <summary>The runs of frames that hold rows at or behind <paramref name="from"/>; without an index one run from
    /// the first frame to the last byte.</summary>
    public IReadOnlyList<SegmentRun> Runs(CommitTs from) => _index is { } index
        ? index.FindAll(run => run.Last >= from)
        : [new(SegmentFile.HeaderBytes, _file.Length - SegmentFile.HeaderBytes, CommitTs.Zero,
            CommitTs.End(ulong.MaxValue), 0)];

    /// <summary>Walks the frames of one run.</summary>
    public IEnumerable<SegmentEntry> Entries(SegmentRun run)
    {
        long offset = run.Offset;
        while (offset < run.End && Head(offset) is { } frame)
        {
            yield return new(0, offset, frame.Length, frame.Table, frame.SchemaSince, frame.Rows);
            offset += frame.Length;
        }
        if (offset > run.End) throw _file.Damaged(run.End, "a frame leaves its run");
    }

    /// <summary>As <see cref="SegmentLog.Read"/>.</summary>
    public RowBatch Read(SegmentEntry entry, TableSchema schema, RowBlockPool pool, ulong commit, long commitTime)
    {
        try
        {
            return _file.Read(entry.Offset, schema, pool, new(new(commit, 0), commitTime, 0));
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw _file.Damaged(entry.Offset, exception.Message);
        }
    }

    public void Dispose() => _file.Dispose();

    SegmentFrame? Head(long offset)
    {
        try
        {
            return _file.Head(offset);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw _file.Damaged(offset, exception.Message);
        }
    }
}
