using Cdc.Engine.Dispatching;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Embedded.Running;

/// <summary>Carries the source's stream to the dispatcher, over lost connections, until the run's end is
/// reached.</summary>
sealed partial class LogPump(
    ChangefeedParts parts, Dispatcher dispatcher, CheckpointKeeper keeper, SchemaHistory history,
    IReadOnlyDictionary<TableId, CommitTs> copiedAt)
{
    readonly ILogger _logger = parts.Loggers.CreateLogger("Cdc.Stream");
    readonly TaskCompletionSource<CommitTs> _mark = new(TaskCreationOptions.RunContinuationsAsynchronously);

    volatile bool _passedMark;

    public bool IsRetrying { get; private set; }

    /// <summary>Returns when the condition is reached: everything up to it was handed to the sink.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Backoff backoff = new(parts.Time, parts.RetryFor);
        while (true)
        {
            try
            {
                await PumpAsync(backoff, cancellationToken);
                return;
            }
            catch (CdcException failure) when (Remedies.For(failure.Kind) is RemedyAction.Retry && !dispatcher.IsMidway)
            {
                if (backoff.Next() is not { } pause) throw;
                IsRetrying = true;
                LogRetry(_logger, failure.Message, pause);
                await Task.Delay(pause, parts.Time, cancellationToken);
                await CheckSourceAsync(cancellationToken);
            }
        }
    }

    async Task PumpAsync(Backoff backoff, CancellationToken cancellationToken)
    {
        StreamStart start = new(keeper.State.Checkpoint, dispatcher.Received, history, copiedAt);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task marking = MarkAsync(ended);
        try
        {
            await foreach (SourceEvent @event in parts.Source.StreamAsync(start, ended.Token))
            {
                if (IsRetrying) (IsRetrying, _) = (false, Reset(backoff));
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

    // A server that comes back may be another one, or may have lost our place.
    async ValueTask CheckSourceAsync(CancellationToken cancellationToken)
    {
        SourceFacts facts;
        try
        {
            facts = await parts.Source.InspectAsync(cancellationToken);
        }
        catch (CdcException failure) when (Remedies.For(failure.Kind) is RemedyAction.Retry)
        {
            return;
        }
        // The target is ours and has not changed: only the source is asked.
        Engine.Starting.StartTable.Decide(
            parts.Name, keeper.State with { TargetKeepsRecord = false }, facts, target: null);
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
        catch (CdcException failure) when (Remedies.For(failure.Kind) is not RemedyAction.Retry)
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

    static bool Reset(Backoff backoff)
    {
        backoff.Reset();
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} Trying again in {Pause}.")]
    static partial void LogRetry(ILogger logger, string reason, TimeSpan pause);
}
