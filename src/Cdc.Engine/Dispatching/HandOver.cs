using Cdc.Engine.Rows;

namespace Cdc.Engine.Dispatching;

/// <summary>The batches given to the sink together. Wakes the dispatcher once, when all of them are enqueued.</summary>
sealed class HandOver : IAcknowledgementListener
{
    readonly TaskCompletionSource _enqueued = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _left;

    public HandOver(int batches) => _left = batches;

    public Task Enqueued => _enqueued.Task;

    void IAcknowledgementListener.Enqueued(Acknowledgement acknowledgement)
    {
        int left = Interlocked.Decrement(ref _left);
        Check.That(left >= 0);
        if (left == 0) _enqueued.SetResult();
    }

    void IAcknowledgementListener.Flushed(Acknowledgement acknowledgement)
    {
    }
}
