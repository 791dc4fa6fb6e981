using Cdc.Protocol;

namespace Cdc.Engine.Storage;

/// <summary>Where one batch lies in a segment log.</summary>
/// <param name="Segment">Number of the file.</param>
/// <param name="Offset">First byte of the frame in it.</param>
/// <param name="Length">Bytes of the whole frame.</param>
/// <param name="SchemaSince">Which version of the table's schema the rows were written under.</param>
public readonly record struct SegmentEntry(
    int Segment, long Offset, long Length, TableId Table, CommitTs SchemaSince, int Rows);

/// <summary>Neighbouring frames, as the index at the end of a segment lists them.</summary>
/// <param name="First">Position of the first row, as it was when written: an open transaction's commit is 0.</param>
public readonly record struct SegmentRun(long Offset, long Length, CommitTs First, CommitTs Last, int Frames)
{
    /// <summary>Frames are joined until a run has this size, so that an index stays small however small the frames
    /// are.</summary>
    internal const int JoinBelow = 64 << 10;

    public long End => Offset + Length;

    internal bool TryJoin(SegmentRun next, out SegmentRun joined)
    {
        joined = new(Offset, Length + next.Length, First, next.Last, Frames + next.Frames);
        return Length < JoinBelow && next.Offset == End;
    }
}
