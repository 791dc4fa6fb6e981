using System.Threading.Channels;
using Cdc.Engine.Failures;

namespace Cdc.Sinks.Stdout;

/// <summary>The one thread that writes to the stream. Takes whole buffers, in the order of the calls.</summary>
/// <remarks>A reader that stands still holds that thread alone: callers wait for room, and can be cancelled.</remarks>
internal sealed class LineWriter : IAsyncDisposable
{
    const int WaitingMax = 4;

    readonly Stream _output;
    readonly SinkFault _fault = new();
    readonly Channel<(PooledBuffer? Bytes, TaskCompletionSource? Done)> _queue =
        Channel.CreateBounded<(PooledBuffer?, TaskCompletionSource?)>(
            new BoundedChannelOptions(WaitingMax) { SingleReader = true });

    public LineWriter(Stream output)
    {
        _output = output;
        _ = Task.Run(LoopAsync);
    }

    public void ThrowIfFailed() => _fault.ThrowIfSet();

    /// <summary>Nothing more is written: rows that were accepted are lost.</summary>
    public void Fail(Exception failure) => _fault.Set(failure);

    /// <summary>Takes the buffer over. Completes when it is queued; one that was cancelled is not written.</summary>
    public async ValueTask WriteAsync(PooledBuffer bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync((bytes, null), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            bytes.Dispose();
            throw;
        }
        _fault.ThrowIfSet();
    }

    /// <summary>Completes when everything queued before was written and flushed.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync((null, done), cancellationToken).ConfigureAwait(false);
        await _fault.WaitAsync(done.Task, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Drops what was not written; does not wait for a reader that stands still.</summary>
    public ValueTask DisposeAsync()
    {
        _fault.Set(new ObjectDisposedException(nameof(StdoutSink)));
        _queue.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    async Task LoopAsync()
    {
        await foreach (var waiting in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            (PooledBuffer? bytes, TaskCompletionSource? done) = waiting;
            try
            {
                if (!_fault.IsSet)
                {
                    if (bytes is not null) await _output.WriteAsync(bytes.Written).ConfigureAwait(false);
                    else await _output.FlushAsync().ConfigureAwait(false);
                    done?.TrySetResult();
                }
            }
            catch (Exception e)
            {
                _fault.Set(Classify(e));
            }
            bytes?.Dispose();
        }
    }

    static Exception Classify(Exception exception) => exception switch
    {
        IOException closed when IsClosed(closed) =>
            new CdcException(FailureKind.SinkClosed, "The reader of the output went away.", null, exception),
        IOException or UnauthorizedAccessException =>
            new CdcException(FailureKind.DiskFailed, $"Writing to the output failed: {exception.Message}",
                "Make room where the output goes, then start again.", exception),
        _ => exception,
    };

    // EPIPE and ECONNRESET (Linux, macOS); ERROR_BROKEN_PIPE and ERROR_NO_DATA.
    static bool IsClosed(IOException exception) =>
        OperatingSystem.IsWindows()
            ? exception.HResult is unchecked((int)0x8007006D) or unchecked((int)0x800700E8)
            : exception.HResult is 32 || exception.HResult == (OperatingSystem.IsLinux() ? 104 : 54);
}
