using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Dispatching;

/// <summary>What was handed to the sink and is not durable yet, in commit order: the reason why a checkpoint stands
/// where it does.</summary>
/// <remarks>One thread adds; any thread may ask. Batches may become durable in any order.</remarks>
sealed class TableProgress
{
    readonly Lock _gate = new();
    readonly Queue<(CommitTs First, CommitTs Last, Acknowledgement Acknowledgement)> _unflushed = new();
    CommitTs _lastAdded;
    CommitTs _lastFlushed;

    /// <summary>Enters a batch, before it goes to the sink.</summary>
    public void Add(CommitTs first, CommitTs last, Acknowledgement acknowledgement)
    {
        lock (_gate)
        {
            Check.That(first >= _lastAdded);
            Check.That(last >= first);
            _lastAdded = last;
            _unflushed.Enqueue((first, last, acknowledgement));
        }
    }

    /// <summary>Everything at or before the answer is durable, if everything at or before <paramref name="resolved"/>
    /// was entered.</summary>
    public CommitTs Checkpoint(CommitTs resolved)
    {
        lock (_gate)
        {
            Forget();
            return _unflushed.TryPeek(out var oldest) ? CommitTs.Min(oldest.First.Previous, resolved) : resolved;
        }
    }

    /// <summary>Position of the last batch of which it and all before it are durable; zero before the first.</summary>
    public CommitTs LastFlushed
    {
        get
        {
            lock (_gate)
            {
                Forget();
                return _lastFlushed;
            }
        }
    }

    /// <summary>Number of batches under way.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _unflushed.Count(static entry => !entry.Acknowledgement.IsFlushed);
        }
    }

    void Forget()
    {
        while (_unflushed.TryPeek(out var head) && head.Acknowledgement.IsFlushed)
        {
            _lastFlushed = head.Last;
            _unflushed.Dequeue();
        }
    }
}
