namespace Cdc.Engine;

/// <summary>Every bound in one place. Their relations are checked by the compiler: a broken one fails with
/// CS0220.</summary>
public static class Limits
{
    /// <summary>Bytes of one pooled block of rows. A row that is larger gets a block of its own.</summary>
    public const uint RowBlockBytes = 256 << 10;

    /// <summary>Hand-overs that may wait between the source's reader and the dispatcher.</summary>
    public const uint SourceEventsWaiting = 32;

    /// <summary>Bytes of rows that may wait there; one batch that is larger waits alone.</summary>
    public const uint SourceBytesWaiting = SourceEventsWaiting * RowBlockBytes;

    /// <summary>Bytes of rows from which on the dispatcher hands over what it has.</summary>
    public const uint HandOverBytes = 16 << 20;

    /// <summary>Bytes of one open transaction kept in memory; what goes beyond is spilled to disk.</summary>
    public const uint OpenTransactionBytes = 32 << 20;

    /// <summary>Bytes of one segment file of spilled or stored events.</summary>
    public const uint SegmentBytes = 256 << 20;

    /// <summary>Bytes that a sink may hold between accepting a batch and making it durable.</summary>
    public const uint SinkBytesInFlight = 32 << 20;

    /// <summary>Bytes of the largest value that PostgreSQL can hold, with room for its escapes.</summary>
    public const uint CellBytesMax = 1 << 30;

    // A spilled block must fit in a segment, and what waits must stay below what an open transaction may take.
    const uint SegmentRoom = SegmentBytes - RowBlockBytes;
    const uint WaitingRoom = OpenTransactionBytes - SourceBytesWaiting;
}
