using System.Buffers.Binary;

namespace Cdc.Engine.Rows;

/// <summary>One changed row, a view over its batch's memory.</summary>
/// <remarks>
/// Stored as: total length (4 bytes, little endian), length of the old image (4), sequence (4), index of the stamp (4),
/// op, old image kind, flags, one byte unused; then the cells of the old image and of the new one, each cell its length
/// (4; -1 NULL, -2 unchanged) and its bytes.
/// </remarks>
public readonly ref struct Row
{
    internal const int HeaderSize = 20;

    readonly ReadOnlySpan<byte> _bytes;
    readonly CommitStamps _stamps;

    internal Row(ReadOnlySpan<byte> bytes, CommitStamps stamps)
    {
        _bytes = bytes;
        _stamps = stamps;
    }

    int OldLength => BinaryPrimitives.ReadInt32LittleEndian(_bytes[4..]);
    internal int StampIndex => BinaryPrimitives.ReadInt32LittleEndian(_bytes[12..]);

    public Op Op => (Op)_bytes[16];
    public OldImage OldImage => (OldImage)_bytes[17];
    public RowFlags Flags => (RowFlags)_bytes[18];

    /// <summary>The row's number in its step, from 0, the same on every replay. An update with an old image takes two
    /// numbers, so that a format which prints a key change as delete and insert can tell the two lines apart.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[8..]);

    public CommitStamp Stamp => _stamps[StampIndex];

    /// <summary>Empty unless <see cref="OldImage"/> says otherwise.</summary>
    public Tuple Old => new(_bytes.Slice(HeaderSize, OldLength));

    /// <summary>Empty for a delete.</summary>
    public Tuple New => new(_bytes[(HeaderSize + OldLength)..]);

    /// <summary>The image that names the row: the old one of a delete, else the new one.</summary>
    public Tuple Keyed => Op == Op.Delete ? Old : New;

    /// <summary>The row as stored.</summary>
    public ReadOnlySpan<byte> Raw => _bytes;
}
