namespace Cdc.Protocol;

/// <summary>Names one block event. Ordered; at equal CommitTs the DDL comes before the syncpoint.</summary>
public readonly record struct BlockEventId(CommitTs At, bool IsSyncPoint) : IComparable<BlockEventId>
{
    public int CompareTo(BlockEventId other)
    {
        int byTs = At.CompareTo(other.At);
        return byTs != 0 ? byTs : IsSyncPoint.CompareTo(other.IsSyncPoint);
    }

    public override string ToString() => IsSyncPoint ? $"syncpoint {At}" : $"ddl {At}";
}

/// <summary>A DDL (TRUNCATE counts) or a syncpoint: something that several dispatchers must meet before one of them
/// does it.</summary>
public sealed record BlockEvent(BlockEventId Id, Influence Influence);
