namespace Cdc.Postgres.Wire;

/// <summary>How long a reader of a backlog leaves the socket alone once it has read what was there.</summary>
/// <remarks>
/// The server hands every row to its socket by itself. While somebody reads eagerly each of them is a packet with its
/// acknowledgement, and sending costs the server more than decoding. While the reader rests the receive window closes,
/// rows gather behind it on the server's side, and leave in packets of many. Short rests do not get that far, so a rest
/// grows as long as it brings much, and shrinks again where little comes: there it would only cost latency.
/// </remarks>
internal sealed class BacklogPause
{
    const int LongestMilliseconds = 20;

    // The rate above which a longer rest is worth it: a slow server is some 10,000 rows a second.
    const int BytesPerMillisecond = 1 << 10;

    // Behind a read of this size the next one is likely to find more.
    const int FullRead = 64 << 10;

    int _milliseconds = 1;
    int _lastRead;
    long _read;

    /// <summary>What was there has been read.</summary>
    public bool IsDue => _lastRead < FullRead;

    public void Received(int bytes)
    {
        _lastRead = bytes;
        _read += bytes;
    }

    /// <summary>The length of the rest that is due, in milliseconds.</summary>
    public int Next()
    {
        bool wasWorthIt = _read >= (long)_milliseconds * BytesPerMillisecond;
        _milliseconds = wasWorthIt ? Math.Min(2 * _milliseconds, LongestMilliseconds) : Math.Max(_milliseconds / 2, 1);
        _read = 0;
        return _milliseconds;
    }
}
