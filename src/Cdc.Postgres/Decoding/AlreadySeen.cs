using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>What the server may send again, or for the first time, and the receiver has already: everything up to
/// where it stopped, and per table what its copy contains.</summary>
internal readonly struct AlreadySeen(StreamStart start)
{
    readonly ulong _last = LastOf(start);

    /// <summary>Whether something of a transaction could be seen already, judged by the beginning of its commit record:
    /// its end, which positions go by, is known only at its COMMIT.</summary>
    public bool MayInclude(ulong finalLsn) => finalLsn < _last;

    public bool Includes(TableId table, CommitTs at) =>
        IncludesAll(at) || (start.CopiedAt.TryGetValue(table, out CommitTs copied) && at <= copied);

    /// <summary>Whether all of it was handed on, whatever it concerns.</summary>
    public bool IncludesAll(CommitTs at) => at <= start.After;

    static ulong LastOf(StreamStart start)
    {
        CommitTs last = start.After;
        foreach (CommitTs copied in start.CopiedAt.Values) last = CommitTs.Max(last, copied);
        return last.Commit;
    }
}
