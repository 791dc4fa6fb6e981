using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>What the writer is told, in order.</summary>
internal abstract record TargetWork
{
    TargetWork() { }

    /// <param name="Batch">Kept rows; the writer releases them.</param>
    public sealed record Rows(RowBatch Batch, Acknowledgement Acknowledgement) : TargetWork;

    public sealed record Resolve(CommitTs At) : TargetWork;

    /// <summary>Everything resolved is made durable, then this is done.</summary>
    public sealed record Call(Action Work, TaskCompletionSource Done) : TargetWork;
}

/// <summary>Between whoever hands rows in and the thread that writes them. Bounded by bytes: what alone is larger than
/// the bound passes alone.</summary>
internal sealed class TargetInbox(long bytesMax)
{
    readonly Lock _gate = new();
    readonly Queue<TargetWork> _work = new();
    readonly SemaphoreSlim _signal = new(0);
    TaskCompletionSource? _left;
    Exception? _failure;
    long _bytes;
    bool _isClosed;

    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Waits for room for rows and takes it.</summary>
    public async ValueTask EnterAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task left;
            lock (_gate)
            {
                ThrowIfFailed();
                if (_bytes == 0 || _bytes + bytes <= bytesMax)
                {
                    _bytes += bytes;
                    return;
                }
                _left ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                left = _left.Task;
            }
            await left.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Rows are no longer in memory.</summary>
    public void Leave(long bytes)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _bytes -= bytes;
            (waiter, _left) = (_left, null);
        }
        waiter?.SetResult();
    }

    public void Put(TargetWork work)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            _work.Enqueue(work);
        }
        _signal.Release();
    }

    /// <summary>The next piece of work; null if none came in time or there will be none. Blocks.</summary>
    public TargetWork? Take(TimeSpan limit)
    {
        if (!_signal.Wait(limit)) return null;
        lock (_gate) return _isClosed ? null : _work.Dequeue();
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate) return _work.Count == 0;
        }
    }

    /// <summary>Nothing more is taken; everything that waits is dropped, and whoever waits is told why.</summary>
    public void Close(Exception? failure)
    {
        List<TargetWork> dropped;
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            _failure = failure ?? new ObjectDisposedException(nameof(PostgresSink));
            dropped = [.. _work];
            _work.Clear();
            (waiter, _left) = (_left, null);
        }
        _signal.Release();
        foreach (TargetWork work in dropped)
        {
            if (work is TargetWork.Rows rows) rows.Batch.Release();
            if (work is TargetWork.Call call) call.Done.TrySetException(_failure);
        }
        waiter?.SetResult();
    }

    public void ThrowIfFailed()
    {
        if (_failure is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }
}
