namespace Cdc.Sinks;

/// <summary>The first failure of a sink. From then on it takes nothing and acknowledges nothing.</summary>
internal sealed class SinkFault
{
    readonly TaskCompletionSource<Exception> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsSet => _first.Task.IsCompleted;

    /// <summary>Keeps the failure unless there is one already.</summary>
    public void Set(Exception exception) => _first.TrySetResult(exception);

    public void ThrowIfSet()
    {
        if (_first.Task.IsCompleted) throw _first.Task.Result;
    }

    /// <summary>Waits for a task that never completes once the sink has failed.</summary>
    public async ValueTask WaitAsync(Task task, CancellationToken cancellationToken)
    {
        await Task.WhenAny(task, _first.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfSet();
        await task.ConfigureAwait(false);
    }
}
