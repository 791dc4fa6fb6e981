using System.Globalization;

namespace Cdc.Engine.Codecs;

/// <summary>A commit's wall-clock time as JSON.</summary>
internal static class CommitTimeText
{
    static readonly long Earliest = (DateTime.MinValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    static readonly long Latest = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Writes <c>"2026-11-20T22:57:03.123456Z"</c>, always with six digits; null when the clock was beyond
    /// what a calendar holds. Needs 32 bytes; returns how many it took.</summary>
    public static int Format(long microseconds, Span<byte> target)
    {
        if (microseconds < Earliest || microseconds > Latest)
        {
            "null"u8.CopyTo(target);
            return 4;
        }
        DateTime time = DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
        target[0] = (byte)'"';
        // The round-trip form has seven digits, and the last one is zero.
        time.TryFormat(target[1..], out int length, "O", CultureInfo.InvariantCulture);
        target[length - 1] = (byte)'Z';
        target[length] = (byte)'"';
        return length + 1;
    }
}
