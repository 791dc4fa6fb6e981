using Cdc.Protocol;

namespace Cdc.Engine.Rows;

/// <summary>What all rows of one step of one transaction share.</summary>
/// <param name="CommitTime">Wall-clock time of the commit, in microseconds since 1970-01-01T00:00:00Z.</param>
public readonly record struct CommitStamp(CommitTs Ts, long CommitTime, uint Xid)
{
    static readonly long Earliest = (DateTime.MinValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    static readonly long Latest = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A commit's time as the calendar has it, in UTC; null when the source's clock was beyond what a calendar
    /// holds.</summary>
    public static DateTime? ToUtc(long microseconds) => microseconds < Earliest || microseconds > Latest
        ? null
        : DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}

/// <summary>The stamps of one block's rows. A transaction's are filled in when its commit is known.</summary>
public sealed class CommitStamps
{
    readonly List<CommitStamp> _stamps = [];

    public int Count => _stamps.Count;

    public CommitStamp this[int index]
    {
        get => _stamps[index];
        internal set => _stamps[index] = value;
    }

    public int Add(CommitStamp stamp)
    {
        _stamps.Add(stamp);
        return _stamps.Count - 1;
    }
}
