using System.Collections.Immutable;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.Starting;
using Cdc.Engine.State;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Embedded.Running;

/// <summary>Where a run begins: the record to save before anything else happens, with a fresh epoch.</summary>
sealed record StartPoint(ChangefeedState State, SchemaHistory History);

/// <summary>Looks at source, target and state, changing nothing, and decides where to begin.</summary>
sealed partial class StartPointFinder(ChangefeedParts parts)
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    readonly ILogger _logger = parts.Loggers.CreateLogger("Cdc.Start");
    readonly HashSet<string> _said = [];

    public async ValueTask<StartPoint> FindAsync(CancellationToken cancellationToken)
    {
        SourceFacts facts = await LookAtSourceAsync(cancellationToken);
        IReadOnlyList<Problem> target = await parts.Sink.InspectAsync(facts, cancellationToken);
        IEnumerable<Problem> filter = parts.Filter.IsEmpty
            ? []
            : parts.Filter.Problems(facts.Tables, await parts.State.LoadSchemasAsync(cancellationToken));
        ChangefeedState? before = await parts.State.LoadAsync(cancellationToken);
        IEnumerable<Problem> patterns = SelectionCheck.Problems(parts.Selection, facts, Taken(before));
        Problem[] problems = [.. facts.Problems, .. patterns, .. filter, .. target];
        ProblemList.ThrowIfAny(problems);
        LogWarnings(problems);
        facts = await VacantAsync(facts, cancellationToken);
        ChangefeedState? state = await parts.State.LoadAsync(cancellationToken);
        SinkProgress? progress = await parts.Sink.ProgressAsync(cancellationToken);
        StartDecision decision = StartTable.Decide(parts.Name, state, facts, progress);
        IEnumerable<TableSchema> schemas = await parts.State.LoadSchemasAsync(cancellationToken);
        ulong epoch = Math.Max(state?.Epoch ?? 0, progress?.Owner.Epoch ?? 0) + 1;
        ChangefeedState next = decision switch
        {
            StartDecision.First => First(facts, state),
            StartDecision.GoOn { StateIsLost: true } rebuilt => Rebuilt(facts, progress!, rebuilt.Checkpoint),
            StartDecision.GoOn on => Moved(state!, on.Checkpoint),
            _ => throw new InvalidOperationException("Every decision is handled."),
        };
        if (decision is StartDecision.GoOn { StateIsLost: true }) schemas = progress!.Schemas;
        if (decision is StartDecision.First) schemas = [];
        return new(next with { Epoch = epoch, Options = parts.Options }, new SchemaHistory(schemas));
    }

    // The target is connected to meanwhile, which takes longer than what it is asked.
    async Task<SourceFacts> LookAtSourceAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task connecting = parts.Sink.PrepareAsync(ended.Token).AsTask();
        try
        {
            SourceFacts facts = await parts.Source.InspectAsync(cancellationToken);
            await connecting;
            return facts;
        }
        finally
        {
            await ended.CancelAsync();
            await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Where a run goes on with another sink. What it was asked for and what it knows of the tables
    /// stays.</summary>
    /// <exception cref="CdcException">SinkFenced: another run has the target by now. Or what a start is refused
    /// for.</exception>
    public async ValueTask<StartPoint> GoOnAsync(
        ChangefeedState state, SchemaHistory history, CancellationToken cancellationToken)
    {
        SourceFacts facts = await parts.Source.InspectAsync(cancellationToken);
        SinkProgress? progress = await parts.Sink.ProgressAsync(cancellationToken);
        // Only somebody who starts a run takes the target from another one.
        if (progress?.Owner.Epoch > state.Epoch)
        {
            throw new CdcException(FailureKind.SinkFenced,
                $"Another process has claimed changefeed {parts.Name} in the target.", "Run only one of them.");
        }
        StartDecision decision = StartTable.Decide(parts.Name, state, facts, progress);
        CommitTs checkpoint = decision is StartDecision.GoOn on
            ? on.Checkpoint
            : throw new InvariantBrokenException("A run that has begun goes on.");
        return new(Moved(state, checkpoint) with { Epoch = state.Epoch + 1 }, history);
    }

    static ChangefeedState Moved(ChangefeedState state, CommitTs checkpoint) => state with
    {
        Checkpoint = checkpoint, Written = CommitTs.Min(state.Written, checkpoint),
    };

    // A start that never came to its snapshot has carried nothing by its patterns.
    static ImmutableSortedDictionary<string, string>? Taken(ChangefeedState? before) =>
        before is { } state && state.FirstConsistent != CommitTs.Zero ? state.Options : null;

    // Once each, however often it is looked again.
    void LogWarnings(IEnumerable<Problem> problems)
    {
        foreach (Problem warning in problems.Where(problem => problem.IsWarning && _said.Add(problem.Sentence)))
            LogFound(_logger, warning.Fix is null ? warning.Sentence : $"{warning.Sentence} Fix: {warning.Fix}");
    }

    // Before the target is claimed: a claim shuts out whoever reads there now, and may be doing well.
    async ValueTask<SourceFacts> VacantAsync(SourceFacts facts, CancellationToken cancellationToken)
    {
        long since = parts.Time.GetTimestamp();
        while (facts.Position is { State: PositionState.Busy } busy)
        {
            if (parts.Time.GetElapsedTime(since) >= parts.PositionWait)
            {
                throw new CdcException(FailureKind.PositionBusy,
                    $"Slot {busy.Name} is read by {busy.BusyWith}.",
                    "Stop that cdc, or, if it is gone and the server has not noticed, end its session: "
                    + busy.Statement);
            }
            LogBusy(_logger, busy.Name, busy.BusyWith);
            await Task.Delay(Look, parts.Time, cancellationToken);
            facts = await parts.Source.InspectAsync(cancellationToken);
        }
        return facts;
    }

    // Saved with no consistent position: whoever finds it so knows that the start was never completed.
    ChangefeedState First(SourceFacts facts, ChangefeedState? begun) => new()
    {
        Name = parts.Name,
        Revision = begun?.Revision ?? 0,
        Source = facts.Identity,
        Slot = facts.Position.Name,
        Snapshot = SnapshotPhase.Copying,
    };

    ChangefeedState Rebuilt(SourceFacts facts, SinkProgress progress, CommitTs checkpoint) => new()
    {
        Name = parts.Name,
        Source = facts.Identity,
        Slot = facts.Position.Name,
        FirstConsistent = checkpoint,
        Checkpoint = checkpoint,
        Snapshot = SnapshotPhase.Done,
        Copied = progress.Copied.ToImmutableSortedDictionary(),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    static partial void LogFound(ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Slot {Slot} is read by {Reader}; waiting for it.")]
    static partial void LogBusy(ILogger logger, string slot, string? reader);
}
