namespace Cdc.Engine.Rows;

/// <summary>Hears the two acknowledgements of a batch. Called on the sink's threads, of several batches at a time; must
/// return quickly, must not throw, and must not call the sink.</summary>
public interface IAcknowledgementListener
{
    /// <summary>The batch is in the sink's pipeline: its order is fixed and its memory may be given back.</summary>
    void Enqueued(Acknowledgement acknowledgement);

    /// <summary>The batch is durable downstream.</summary>
    void Flushed(Acknowledgement acknowledgement);
}

/// <summary>The two stages in which a sink acknowledges a batch.</summary>
/// <remarks>
/// <see cref="Enqueued"/> is heard exactly once however the two calls race, and at the latest with
/// <see cref="Flushed"/>, which is heard first then: a sink without a pipeline calls only that. Flushed alone moves the
/// checkpoint. When a sink fails, Flushed of what it did not make durable is never called. A batch rebuilt by a filter
/// keeps this very object, so both stages stay whole.
/// </remarks>
public sealed class Acknowledgement
{
    IAcknowledgementListener[] _listeners;
    int _enqueued;
    int _flushed;

    public Acknowledgement(params IAcknowledgementListener[] listeners) => _listeners = listeners;

    /// <summary>Adds one more listener. Only before the batch is handed to a sink.</summary>
    public void Listen(IAcknowledgementListener listener)
    {
        Check.That(_enqueued == 0);
        Check.That(_flushed == 0);
        _listeners = [.. _listeners, listener];
    }

    public bool IsEnqueued => Volatile.Read(ref _enqueued) != 0;
    public bool IsFlushed => Volatile.Read(ref _flushed) != 0;

    public void Enqueued()
    {
        if (Interlocked.Exchange(ref _enqueued, 1) != 0) return;
        foreach (IAcknowledgementListener listener in _listeners) listener.Enqueued(this);
    }

    public void Flushed()
    {
        if (Interlocked.Exchange(ref _flushed, 1) != 0) return;
        foreach (IAcknowledgementListener listener in _listeners) listener.Flushed(this);
        Enqueued();
    }
}
