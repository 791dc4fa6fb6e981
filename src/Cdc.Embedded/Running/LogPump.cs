using Cdc.Engine.Dispatching;
using Cdc.Engine.Failures;
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
    readonly RunEnd _end = new(parts, () => dispatcher.Received);

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
        if (_end.IsReachedBefore) return;
        StreamStart start = new(keeper.State.Checkpoint, dispatcher.Received, history, _copiedAt)
        {
            IsAwaited = _end.IsAwaited,
        };
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task marking = _end.MarkAsync(ended);
        try
        {
            await foreach (SourceEvent @event in parts.Source.StreamAsync(start, ended.Token))
            {
                if (retry.IsRetrying) retry.Reached();
                _end.See(@event);
                await dispatcher.HandleAsync(@event, cancellationToken);
                if (_end.IsReached(@event)) return;
            }
        }
        catch (OperationCanceledException) when (_end.IsSettled && !cancellationToken.IsCancellationRequested)
        {
            // The mark was passed before it was known, or can't be made, and nothing has come since.
            _end.ThrowIfFailed();
        }
        finally
        {
            await ended.CancelAsync();
            await marking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
