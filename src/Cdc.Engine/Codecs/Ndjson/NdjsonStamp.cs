using System.Buffers.Text;
using System.Globalization;
using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>The pieces of a line that are the same for every row of one step of one transaction.</summary>
internal sealed class NdjsonStamp
{
    const int SequenceLength = 8;

    readonly byte[] _before = new byte[64];
    readonly byte[] _after = new byte[96];
    int _beforeLength;
    int _afterLength;
    CommitStamp _stamp;

    /// <summary>Prepares the pieces; nothing happens if they are this stamp's already.</summary>
    public void Set(CommitStamp stamp)
    {
        if (_beforeLength > 0 && stamp == _stamp) return;
        _stamp = stamp;
        "{\"pos\":\""u8.CopyTo(_before);
        stamp.Ts.TryFormat(_before.AsSpan(8), out int length, default, null);
        _beforeLength = 8 + length;
        _before[_beforeLength++] = (byte)'.';

        _afterLength = CommitTimeText.Format(stamp.CommitTime, _after);
        ",\"xid\":"u8.CopyTo(_after.AsSpan(_afterLength));
        _afterLength += 7;
        // Zero is no transaction's number: rows of a snapshot have none that would mean anything.
        if (stamp.Xid == 0) "null"u8.CopyTo(_after.AsSpan(_afterLength));
        else Utf8Formatter.TryFormat(stamp.Xid, _after.AsSpan(_afterLength), out length);
        _afterLength += stamp.Xid == 0 ? 4 : length;
    }

    /// <summary>Writes the line's beginning, up to and with the sequence.</summary>
    public void WriteBefore(ref Utf8Output output, uint sequence)
    {
        Span<byte> room = output.Room(_beforeLength + SequenceLength);
        _before.AsSpan(0, _beforeLength).CopyTo(room);
        WriteHex(room[_beforeLength..], sequence);
        output.Advance(_beforeLength + SequenceLength);
    }

    /// <summary>Writes the time and the transaction's number.</summary>
    public void WriteAfter(ref Utf8Output output) => output.Write(_after.AsSpan(0, _afterLength));

    /// <summary>Writes the position that stands behind every row of this one.</summary>
    public static void WriteEnd(ref Utf8Output output, CommitTs at)
    {
        output.Write("{\"pos\":\""u8);
        Span<byte> room = output.Room(CommitTs.TextLength);
        at.TryFormat(room, out int length, default, CultureInfo.InvariantCulture);
        output.Advance(length);
        output.Write(".FFFFFFFF"u8);
    }

    static void WriteHex(Span<byte> target, uint value)
    {
        ReadOnlySpan<byte> digits = "0123456789ABCDEF"u8;
        for (int i = SequenceLength - 1; i >= 0; i--)
        {
            target[i] = digits[(int)(value & 15)];
            value >>= 4;
        }
    }
}
