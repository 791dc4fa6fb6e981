using System.Globalization;
using Cdc.Engine.Rows;

namespace Cdc.Engine.Codecs;

/// <summary>A commit's wall-clock time as JSON.</summary>
internal static class CommitTimeText
{
    /// <summary>Writes <c>"2026-11-20T22:57:03.123456Z"</c>, always with six digits; null when the clock was beyond
    /// what a calendar holds. Needs 32 bytes; returns how many it took.</summary>
    public static int Format(long microseconds, Span<byte> target)
    {
        if (CommitStamp.ToUtc(microseconds) is not { } time)
        {
            "null"u8.CopyTo(target);
            return 4;
        }
        target[0] = (byte)'"';
        // The round-trip form has seven digits, and the last one is zero.
        time.TryFormat(target[1..], out int length, "O", CultureInfo.InvariantCulture);
        target[length - 1] = (byte)'Z';
        target[length] = (byte)'"';
        return length + 1;
    }
}
