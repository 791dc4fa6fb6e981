using Cdc.Engine.Dispatching;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Carries the source's stream to the dispatcher, over lost connections, until the run's end is
/// reached.</summary>
sealed class LogPump(
    ChangefeedParts parts, Dispatcher dispatcher, CheckpointKeeper keeper, SchemaHistory history, SourceRetry retry)
{
    readonly IReadOnlyDictionary<TableId, CommitTs> _copiedAt = keeper.State.Copied;
    readonly TaskCompletionSource<CommitTs> _mark = new(TaskCreationOptions.RunContinuationsAsynchronously);

    volatile bool _passedMark;

    /// <summary>Returns when the condition is reached: everything up to it was handed to the sink.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await PumpAsync(cancellationToken);
                return;
            }
            catch (CdcException failure) when (SourceRetry.Applies(failure) && !dispatcher.IsMidway)
            {
                await retry.PauseAsync(failure, cancellationToken);
                await SourceRetry.CheckAsync(parts, keeper.State, cancellationToken);
            }
        }
    }

    async Task PumpAsync(CancellationToken cancellationToken)
    {
        if (parts.Until is StopPoint.Position asked && dispatcher.Received >= asked.At) return;
        StreamStart start = new(keeper.State.Checkpoint, dispatcher.Received, history, _copiedAt)
        {
            IsAwaited = parts.Until is StopPoint.Position,
        };
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task marking = MarkAsync(ended);
        try
        {
            await foreach (SourceEvent @event in parts.Source.StreamAsync(start, ended.Token))
            {
                if (retry.IsRetrying) retry.Reached();
                await dispatcher.HandleAsync(@event, cancellationToken);
                if (@event is SourceEvent.Resolved resolved && IsReached(resolved)) return;
            }
        }
        catch (OperationCanceledException) when (_passedMark && !cancellationToken.IsCancellationRequested)
        {
            // The mark was passed before it was known, and nothing has come since.
        }
        finally
        {
            await ended.CancelAsync();
            await marking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The marker's own position comes through the stream, so it is asked for while the stream runs.
    async Task MarkAsync(CancellationTokenSource ended)
    {
        if (parts.Until is not StopPoint.Now || _mark.Task.IsCompleted) return;
        try
        {
            if (await parts.Source.MarkAsync(ended.Token) is { } mark)
            {
                _mark.TrySetResult(mark);
                if (dispatcher.Received < mark) return;
                _passedMark = true;
                await ended.CancelAsync();
            }
            else
            {
                _mark.TrySetException(new CdcException(FailureKind.SourceUnfit,
                    "This source can't be written to (a standby?), so 'now' can't be marked in its log.",
                    "Give --until a time or a position."));
            }
        }
        catch (CdcException failure) when (!SourceRetry.Applies(failure))
        {
            _mark.TrySetException(failure);
        }
    }

    bool IsReached(SourceEvent.Resolved resolved) => parts.Until switch
    {
        StopPoint.Now when _mark.Task.IsFaulted => throw _mark.Task.Exception.InnerException!,
        StopPoint.Now => _mark.Task.IsCompletedSuccessfully && resolved.At >= _mark.Task.Result,
        StopPoint.Position position => resolved.At >= position.At,
        StopPoint.Time time => resolved.Time > time.At.ToUnixTimeMilliseconds() * 1000,
        _ => false,
    };
}
