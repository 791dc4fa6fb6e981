using System.Runtime.CompilerServices;
using Cdc.Engine;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Postgres.Streaming;

/// <summary>One reading of a slot, from one connection: the events behind a position, until it is stopped or
/// broken.</summary>
/// <remarks>
/// Used once: after a lost connection the source makes another. Reading goes on beside the receiver, on a thread of its
/// own, up to the bound of the queue. Disposing the enumerator stops the reading and keeps the connection, so that a
/// last confirmation can still be told; <see cref="SettleAsync"/> and <see cref="DisposeAsync"/> end it.
/// </remarks>
internal sealed class LogStream(LogStreamOptions options, SafePositions positions) : IAsyncDisposable
{
    static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(1);
    static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    readonly CancellationTokenSource _stop = new();
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    LogReader? _reader;
    EventQueue? _queue;

    public SourceStatus Status => new(
        CommitTs.End(_queue?.Received ?? 0), _reader?.ServerEnd ?? 0, _reader?.CommitTime ?? 0, Doing());

    /// <summary>The events behind <paramref name="start"/>, in commit order. Once per object. The receiver releases the
    /// batches.</summary>
    public async IAsyncEnumerable<SourceEvent> ReadAsync(
        StreamStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Check.That(_reader is null);
        EventQueue queue = new(options.EventsWaiting, positions, _stop.Token);
        LogReader reader = new(options, start, positions, queue);
        (_queue, _reader) = (queue, reader);
        new Thread(() => Run(reader)) { IsBackground = true, Name = "cdc log reader" }.Start();
        try
        {
            await foreach (SourceEvent @event in queue.Reader.ReadAllAsync(cancellationToken))
            {
                queue.Taken(@event);
                yield return @event;
            }
        }
        finally
        {
            await StopAsync(reader);
            queue.Release();
        }
    }

    /// <summary>Sends the last confirmation and waits until the server has it. Ends the stream if nobody reads it any
    /// more.</summary>
    public async ValueTask SettleAsync(CancellationToken cancellationToken)
    {
        if (_reader is not { } reader) return;
        if (_ended.Task.IsCompleted)
        {
            await Task.Run(() => reader.TrySettle(CloseLimit), cancellationToken);
            return;
        }
        if (!reader.IsStreaming) return;
        try
        {
            await Task.WhenAny(reader.ConfirmAsync(), _ended.Task)
                .WaitAsync(CloseLimit, options.Clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // A server that does not answer now hears it again from the next stream; nothing depends on it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is { } reader)
        {
            await StopAsync(reader);
            _queue!.Release();
            await Task.Run(() => reader.TrySettle(CloseLimit));
        }
        _stop.Dispose();
    }

    void Run(LogReader reader)
    {
        try
        {
            reader.Run(_stop.Token);
        }
        catch (Exception error)
        {
            _queue!.Complete(error);
        }
        _ended.SetResult();
    }

    async Task StopAsync(LogReader reader)
    {
        await _stop.CancelAsync();
        try
        {
            await _ended.Task.WaitAsync(StopLimit, options.Clock);
        }
        catch (TimeoutException)
        {
            // It hangs in a command that the server does not answer.
            reader.Cancel();
            await _ended.Task;
        }
    }

    string Doing() => _reader switch
    {
        null => "not reading",
        { IsStreaming: false } => _ended.Task.IsCompleted ? "not reading" : $"connecting to read slot {options.Slot}",
        _ when _queue!.IsFull => "waiting for the sink",
        { CommitTime: 0 } => "waiting for the first change",
        _ => "reading",
    };
}
