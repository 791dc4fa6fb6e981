using Cdc.Engine.Dispatching;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.Starting;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Runs one changefeed: looks, decides how to begin, copies tables, carries the stream, and keeps the
/// checkpoint.</summary>
/// <remarks>
/// Order of what must hold: the epoch is saved before anything is written; a schema version before a checkpoint that
/// refers to it; rows are durable before the checkpoint that says so is saved; and that, before the source is told.
/// </remarks>
public sealed class ChangefeedRunner : IDisposable
{
    static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);

    readonly SourceRetry _retry;
    readonly SinkRetry _sinkRetry;
    readonly RunWatch _watch;
    ChangefeedParts _parts;
    CheckpointKeeper? _keeper;

    public ChangefeedRunner(ChangefeedParts parts)
    {
        _parts = parts;
        _retry = new(parts.Time, parts.RetryFor, parts.Loggers);
        _sinkRetry = new(parts.Time, parts.RetryFor, parts.Loggers);
        _watch = new(parts, _retry);
    }

    /// <summary>A look at the run; from any thread.</summary>
    public ChangefeedProgress Progress => _watch.Look();

    /// <summary>Runs until the condition is reached or the token is cancelled; both are a clean stop, after which
    /// everything received is durable and the checkpoint says so.</summary>
    /// <exception cref="CdcException">The run can't begin or go on.</exception>
    public async Task<RunResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RunPhasesAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Result(reached: false);
        }
        finally
        {
            _watch.Phase = RunPhase.Ended;
        }
    }

    public void Dispose() => _keeper?.Dispose();

    async Task<RunResult> RunPhasesAsync(CancellationToken cancellationToken)
    {
        StartPoint start = await _retry.LookAsync(new StartPointFinder(_parts).FindAsync, cancellationToken);
        SinkProgress? claimed = await BeginAsync(start, cancellationToken);
        if (start.State.Snapshot is SnapshotPhase.Copying)
        {
            await CopyAsync(start, claimed, cancellationToken);
        }
        // Also when an earlier run has copied everything: what was asked for is there.
        if (_parts.Snapshot is SnapshotMode.Only || _parts.Until is StopPoint.Snapshot) return await EndAsync(true);
        while (true)
        {
            try
            {
                return await StreamAsync(start.History, cancellationToken);
            }
            catch (CdcException failure) when (SinkRetry.Applies(failure)
                && _parts.AnotherSink is not null && !cancellationToken.IsCancellationRequested)
            {
                await GoOnAsync(failure, start.History, cancellationToken);
            }
        }
    }

    /// <summary>Saves the epoch, then takes the target.</summary>
    async ValueTask<SinkProgress?> BeginAsync(StartPoint start, CancellationToken cancellationToken)
    {
        _keeper?.Dispose();
        CheckpointKeeper keeper = _keeper = new(_parts.State, start.History, _parts.Source, _parts.Milestones);
        _watch.Keeper = keeper;
        await keeper.SaveAsync(start.State, cancellationToken);
        SinkClaim claim = new(_parts.Name, start.State.Source, TableSpan.Everything, new(start.State.Epoch, 1));
        SinkProgress? claimed = await _parts.Sink.ClaimAsync(claim, cancellationToken);
        if (claimed is null) return null;
        // Whoever wrote there before may have committed once more after we looked, and can't any more.
        CommitTs at = CommitTs.Max(start.State.Checkpoint, claimed.Position);
        if (!start.State.TargetKeepsRecord || at > start.State.Checkpoint)
        {
            await keeper.UpdateAsync(
                state => state with { TargetKeepsRecord = true, Checkpoint = at }, cancellationToken);
        }
        return claimed;
    }

    // What the sink held is lost to us, and the source holds it still: it is read again, behind what the target has.
    async Task GoOnAsync(CdcException failure, SchemaHistory history, CancellationToken cancellationToken)
    {
        _watch.Phase = RunPhase.Retrying;
        _sinkRetry.Interrupted(_keeper!.Checkpoint);
        while (true)
        {
            await _parts.Sink.DisposeAsync();
            _parts = _parts with { Sink = _parts.AnotherSink!() };
            await _sinkRetry.PauseAsync(failure, cancellationToken);
            try
            {
                StartPointFinder finder = new(_parts);
                StartPoint start = await _retry.LookAsync(
                    token => finder.GoOnAsync(_keeper.State, history, token), cancellationToken);
                await BeginAsync(start, cancellationToken);
                return;
            }
            catch (CdcException again) when (SinkRetry.IsAway(again))
            {
                failure = again;
            }
        }
    }

    async Task CopyAsync(StartPoint start, SinkProgress? claimed, CancellationToken cancellationToken)
    {
        _watch.Phase = RunPhase.Copying;
        SnapshotCopy copy = new(_parts, _keeper!, start.History, _watch, _retry);
        await copy.RunAsync(claimed, cancellationToken);
        await _keeper!.UpdateAsync(static state => state with { Snapshot = SnapshotPhase.Done }, cancellationToken);
    }

    async Task<RunResult> StreamAsync(SchemaHistory history, CancellationToken cancellationToken)
    {
        CheckpointKeeper keeper = _keeper!;
        Dispatcher dispatcher = new(_parts.Sink, _parts.Filter, keeper.State.Checkpoint, _parts.Milestones);
        LogPump pump = new(_parts, dispatcher, keeper, history, _retry);
        _watch.Streaming(dispatcher);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task keeping = KeepCheckpointAsync(dispatcher, stop);
        bool reached = false;
        try
        {
            await pump.RunAsync(stop.Token);
            reached = true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop, or the checkpoint could not be kept: the latter is thrown below.
        }
        catch (CdcException failure) when (failure.Kind is not FailureKind.SinkClosed)
        {
            await SaveWhatIsDurableAsync(dispatcher, stop, keeping);
            throw;
        }
        catch (CdcException)
        {
            // The reader of our output has had enough: a quiet end, with what it took.
            await SaveWhatIsDurableAsync(dispatcher, stop, keeping);
            return Result(reached: false);
        }
        catch
        {
            // A defect: nothing is saved for it, and nothing beside it goes on saving.
            await stop.CancelAsync();
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await stop.CancelAsync();
        await keeping;
        _watch.Phase = RunPhase.Stopping;
        await FlushAsync(dispatcher, reached);
        await AdvanceAsync(dispatcher, CancellationToken.None);
        if (reached)
        {
            await _parts.Sink.SetSequencesAsync(
                await _retry.LookAsync(token => _parts.Source.SequencesAsync(history, token), cancellationToken),
                cancellationToken);
        }
        return await EndAsync(reached);
    }

    static async ValueTask FlushAsync(Dispatcher dispatcher, bool reached)
    {
        try
        {
            await dispatcher.FlushAsync(CancellationToken.None);
        }
        catch (OperationCanceledException) when (!reached)
        {
            // The stop cut a write short, after which the sink takes nothing more: what is durable by now counts.
        }
    }

    async Task<RunResult> EndAsync(bool reached)
    {
        try
        {
            await _parts.Source.SettleAsync(CancellationToken.None);
        }
        catch (CdcException failure) when (Remedies.For(failure.Kind) is RemedyAction.Retry)
        {
            // All is saved. The server, which is away now, hears of it from the next run.
        }
        return Result(reached);
    }

    // A stop may come before anything is saved.
    RunResult Result(bool reached) => new(
        _keeper?.Checkpoint ?? CommitTs.Zero, reached, _keeper?.IsCopied ?? false, _parts.Source.LeftBehind);

    // The last row is asked for first: it lies at or before the checkpoint then, never beyond it.
    ValueTask AdvanceAsync(Dispatcher dispatcher, CancellationToken cancellationToken)
    {
        CommitTs written = dispatcher.Written;
        return _keeper!.AdvanceAsync(dispatcher.Checkpoint, written, cancellationToken);
    }

    async Task KeepCheckpointAsync(Dispatcher dispatcher, CancellationTokenSource stop)
    {
        using PeriodicTimer timer = new(CheckpointInterval, _parts.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                await AdvanceAsync(dispatcher, CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    // The run has failed already; what can still be saved spares the next one work, and no more than that.
    async ValueTask SaveWhatIsDurableAsync(Dispatcher dispatcher, CancellationTokenSource stop, Task keeping)
    {
        await stop.CancelAsync();
        await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (keeping.IsCompletedSuccessfully) await AdvanceAsync(dispatcher, CancellationToken.None);
    }
}
