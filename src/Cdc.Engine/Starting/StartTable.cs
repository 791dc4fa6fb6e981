using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Engine.Starting;

/// <summary>Decides from the state, the source's place and the target's record how to begin. A silent gap is the worst
/// thing we can do, and a server moves a start position that it no longer holds forward without a word: so whatever
/// does not fit together exactly is refused with what was found.</summary>
public static class StartTable
{
    /// <exception cref="CdcException">The three don't fit together.</exception>
    public static StartDecision Decide(string name, ChangefeedState? state, SourceFacts facts, SinkProgress? target)
    {
        if (target is not null) CheckTarget(name, facts.Identity, target);
        if (state is null) return WithoutState(name, facts.Position, target);
        CheckIdentity(state.Source, facts.Identity);
        if (state.FirstConsistent != CommitTs.Zero) return WithState(name, state, facts, target);
        // A start that never came to its snapshot has copied nothing: rows are of an earlier life of the changefeed,
        // and its copies would be taken for copies of this one.
        return HasRows(target) ? throw Occupied(name, target!) : new StartDecision.First();
    }

    static StartDecision WithoutState(string name, HeldPosition position, SinkProgress? target)
    {
        switch (position.State)
        {
            case PositionState.NotNeeded when target is { Position: var reached } && reached > CommitTs.Zero:
                return new StartDecision.GoOn(reached, StateIsLost: true);
            case PositionState.NotNeeded:
            case PositionState.Absent when !HasRows(target):
                return new StartDecision.First();
            case PositionState.Absent:
                throw new CdcException(FailureKind.PositionLost,
                    $"The target holds rows of changefeed '{name}' up to {target!.Position}, "
                    + $"but slot {position.Name} is gone: what was committed since can't be read any more.",
                    Empty(name));
            case PositionState.Lost:
                throw Lost(name, position, target?.Position ?? CommitTs.Zero);
            default:
                return FromTarget(name, position, target);
        }
    }

    static bool HasRows(SinkProgress? target) =>
        target is not null && (target.Position > CommitTs.Zero || target.Copied.Count > 0);

    static string Empty(string name) =>
        "Choose an empty target, or empty this one, and run again: that takes a new snapshot. What a database has "
        + $"recorded goes with cdc drop --from … --to … --name {name}, and its rows with --existing truncate.";

    static CdcException Occupied(string name, SinkProgress target) => new(FailureKind.SinkUnfit,
        $"The target holds rows of an earlier run of changefeed '{name}', up to {target.Position}, and this one has "
        + "not begun: the two don't follow each other.",
        Empty(name));

    static StartDecision FromTarget(string name, HeldPosition position, SinkProgress? target)
    {
        if (target is null || target.Position == CommitTs.Zero)
        {
            throw new CdcException(FailureKind.PositionUnknown,
                $"Slot {position.Name} exists, but this state directory knows nothing of it.",
                "Point --state at the directory that does, choose another --name, or remove the slot: "
                + $"cdc drop --name {name}");
        }
        if (position.Confirmed.Commit > target.Position.CompleteCommit) throw Gap(name, position, target.Position);
        return new StartDecision.GoOn(target.Position, StateIsLost: true);
    }

    static StartDecision WithState(string name, ChangefeedState state, SourceFacts facts, SinkProgress? target)
    {
        HeldPosition position = facts.Position;
        CommitTs checkpoint = CheckpointOf(name, state, target);
        if (position.State is PositionState.NotNeeded) return new StartDecision.GoOn(checkpoint);
        if (position.State is PositionState.Absent or PositionState.Lost) throw Lost(name, position, checkpoint);
        if (facts.LogEnd != CommitTs.Zero && facts.LogEnd.Commit < checkpoint.CompleteCommit)
        {
            throw new CdcException(FailureKind.SourceChanged,
                $"The server's log ends at {facts.LogEnd}, before our checkpoint {checkpoint}: "
                + "it was restored from a backup.",
                StartOver(name));
        }
        if (position.Confirmed.Commit > checkpoint.CompleteCommit) throw Gap(name, position, checkpoint);
        return new StartDecision.GoOn(checkpoint);
    }

    // A target that keeps its own record is ahead of the state after a crash, and may lag while nothing is written. One
    // that is behind the last row written has lost rows; the source may still be able to send those again.
    static CommitTs CheckpointOf(string name, ChangefeedState state, SinkProgress? target)
    {
        if (!state.TargetKeepsRecord) return CommitTs.Max(state.Checkpoint, target?.Position ?? CommitTs.Zero);
        bool copiesAreThere = target is not null && state.Copied.Keys.All(target.Copied.ContainsKey);
        if (target is null || !copiesAreThere)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                "The target is not the one that this state has written to: "
                + "it has no record of the tables copied into it.",
                $"Point --to at the target of before. {StartOver(name)}");
        }
        return target.Position < state.Written
            ? CommitTs.Max(target.Position, state.FirstConsistent)
            : CommitTs.Max(target.Position, state.Checkpoint);
    }

    static void CheckIdentity(SourceIdentity known, SourceIdentity found)
    {
        if (known == found) return;
        string what = known.Kind != found.Kind ? $"a source of another kind ({found.Kind} instead of {known.Kind})"
            : known.System != found.System ? "another server (its system identifier differs)"
            : known.Database != found.Database ? $"another database ({found.Database} instead of {known.Database})"
            : $"timeline {found.Timeline} instead of {known.Timeline}: restored, or failed over to a standby";
        throw new CdcException(FailureKind.SourceChanged,
            $"This state belongs to a different source: found {what}. Positions of the two can't be compared.",
            "Check --from. If the server was replaced on purpose, choose another --name or --state and an empty "
            + "target, which takes a new snapshot.");
    }

    static void CheckTarget(string name, SourceIdentity found, SinkProgress target)
    {
        if (target.Source with { Timeline = found.Timeline } != found)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                $"The target holds rows of another source ({target.Source.Kind} database {target.Source.Database}).",
                "Choose another target.");
        }
        if (target.Changefeed != name)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                $"The target belongs to changefeed '{target.Changefeed}', not to '{name}'.",
                $"Choose another target, or --name {target.Changefeed}.");
        }
        if (target.Source != found) CheckIdentity(target.Source, found);
    }

    static CdcException Lost(string name, HeldPosition position, CommitTs checkpoint) => new(
        FailureKind.PositionLost,
        position.State is PositionState.Lost
            ? $"Slot {position.Name} has lost the log it needs: what was committed after {checkpoint} "
                + "can't be read any more."
            : $"Slot {position.Name} is gone: what was committed after {checkpoint} can't be read any more.",
        StartOver(name));

    static CdcException Gap(string name, HeldPosition position, CommitTs checkpoint) => new(
        FailureKind.PositionLost,
        $"Slot {position.Name} was moved to {position.Confirmed}, beyond our checkpoint {checkpoint}: "
        + "what was committed between the two can't be read any more.",
        StartOver(name));

    static string StartOver(string name) =>
        $"To start over with a new snapshot: cdc drop --name {name}, empty the target, and run again.";
}
