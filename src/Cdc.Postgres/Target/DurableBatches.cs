using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Batches and when they count as flushed: when their transaction's commit is on the target's disk.</summary>
/// <remarks>One thread.</remarks>
internal sealed class DurableBatches
{
    readonly Queue<(CommitTs Last, Acknowledgement Acknowledgement)> _waiting = new();
    readonly Queue<(CommitTs At, ulong WalEnd)> _commits = new();

    /// <summary>Commits that may not be on disk yet.</summary>
    public bool HasUnflushed => _commits.Count > 0;

    public void Add(CommitTs last, Acknowledgement acknowledgement) => _waiting.Enqueue((last, acknowledgement));

    /// <summary>Everything up to a position is committed; on disk when the target's log is up to its end.</summary>
    public void Committed(CommitTs at, ulong walEnd) => _commits.Enqueue((at, walEnd));

    /// <summary>The target's log is on disk up to here.</summary>
    public void Flushed(ulong wal)
    {
        while (_commits.TryPeek(out var commit) && commit.WalEnd <= wal)
        {
            _commits.Dequeue();
            while (_waiting.TryPeek(out var batch) && batch.Last <= commit.At)
                _waiting.Dequeue().Acknowledgement.Flushed();
        }
    }
}
