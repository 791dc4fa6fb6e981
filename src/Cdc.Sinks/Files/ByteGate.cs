namespace Cdc.Sinks.Files;

/// <summary>Bounds the bytes that are on their way. What alone is larger than the bound passes alone.</summary>
internal sealed class ByteGate(long bound)
{
    readonly Lock _gate = new();
    TaskCompletionSource? _left;
    long _used;

    /// <summary>Waits for room and takes it. One caller at a time.</summary>
    public ValueTask EnterAsync(long bytes, SinkFault fault, CancellationToken cancellationToken) =>
        TryEnter(bytes, out Task? left) ? ValueTask.CompletedTask : Slow(this, bytes, left!, fault, cancellationToken);

    /// <summary>Counts bytes without waiting for room.</summary>
    public void Add(long bytes)
    {
        lock (_gate) _used += bytes;
    }

    public void Leave(long bytes)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _used -= bytes;
            (waiter, _left) = (_left, null);
        }
        waiter?.SetResult();
    }

    static async ValueTask Slow(
        ByteGate gate, long bytes, Task left, SinkFault fault, CancellationToken cancellationToken)
    {
        Task? next = left;
        do
        {
            await fault.WaitAsync(next!, cancellationToken).ConfigureAwait(false);
        }
        while (!gate.TryEnter(bytes, out next));
    }

    bool TryEnter(long bytes, out Task? left)
    {
        lock (_gate)
        {
            left = null;
            if (_used == 0 || _used + bytes <= bound)
            {
                _used += bytes;
                return true;
            }
            _left ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            left = _left.Task;
            return false;
        }
    }
}
