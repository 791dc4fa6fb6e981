using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.Starting;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Where a run begins: the record to save before anything else happens, with a fresh epoch.</summary>
sealed record StartPoint(ChangefeedState State, SchemaHistory History);

/// <summary>Looks at source, target and state, changing nothing, and decides where to begin.</summary>
sealed class StartPointFinder(ChangefeedParts parts)
{
    public async ValueTask<StartPoint> FindAsync(CancellationToken cancellationToken)
    {
        SourceFacts facts = await parts.Source.InspectAsync(cancellationToken);
        IReadOnlyList<Problem> target = await parts.Sink.InspectAsync(cancellationToken);
        ProblemList.ThrowIfAny([.. facts.Problems, .. target]);
        ChangefeedState? state = await parts.State.LoadAsync(cancellationToken);
        SinkProgress? progress = await parts.Sink.ProgressAsync(cancellationToken);
        StartDecision decision = StartTable.Decide(parts.Name, state, facts, progress);
        IEnumerable<TableSchema> schemas = await parts.State.LoadSchemasAsync(cancellationToken);
        ulong epoch = Math.Max(state?.Epoch ?? 0, progress?.Owner.Epoch ?? 0) + 1;
        ChangefeedState next = decision switch
        {
            StartDecision.First => First(facts, state),
            StartDecision.GoOn { StateIsLost: true } rebuilt => Rebuilt(facts, progress!, rebuilt.Checkpoint),
            StartDecision.GoOn on => state! with
            {
                Checkpoint = on.Checkpoint, Written = CommitTs.Min(state.Written, on.Checkpoint),
            },
            _ => throw new InvalidOperationException("Every decision is handled."),
        };
        if (decision is StartDecision.GoOn { StateIsLost: true }) schemas = progress!.Schemas;
        if (decision is StartDecision.First) schemas = [];
        return new(next with { Epoch = epoch, Options = parts.Options }, new SchemaHistory(schemas));
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
}
