using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Sinks;

/// <summary>Batches that were written and wait for their position to be resolved. One thread at a time.</summary>
internal sealed class WaitingBatches
{
    readonly Queue<(CommitTs Last, Acknowledgement Acknowledgement)> _waiting = new();

    public void Add(CommitTs last, Acknowledgement acknowledgement) => _waiting.Enqueue((last, acknowledgement));

    /// <summary>Acknowledges, in order, what lies at or before a position.</summary>
    public void Flushed(CommitTs resolved)
    {
        while (_waiting.TryPeek(out var first) && first.Last <= resolved) _waiting.Dequeue().Acknowledgement.Flushed();
    }
}
