using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Persists how far a changefeed is, and only then tells the source that it may forget.</summary>
/// <remarks>Any thread may call; calls are taken one after the other. A save that was refused, or whose outcome is
/// unknown, ends the run: the next one reads what is there.</remarks>
sealed class CheckpointKeeper(IStateStore store, SchemaHistory history, ISource source, IMilestones milestones)
    : IDisposable
{
    readonly SemaphoreSlim _one = new(1, 1);
    ChangefeedState? _state;

    /// <summary>The last saved checkpoint; zero before the first save.</summary>
    public CommitTs Checkpoint => Volatile.Read(ref _state)?.Checkpoint ?? CommitTs.Zero;

    /// <summary>Whether it is saved that the snapshot is complete.</summary>
    public bool IsCopied => Volatile.Read(ref _state)?.Snapshot is SnapshotPhase.Done;

    public ChangefeedState State => _state ?? throw new InvalidOperationException("Nothing is saved yet.");

    /// <summary>Saves a changed record, after the schema versions that it may refer to.</summary>
    public async ValueTask SaveAsync(ChangefeedState state, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await PersistAsync(state, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask UpdateAsync(
        Func<ChangefeedState, ChangefeedState> change, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await PersistAsync(change(State), cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Saves a checkpoint if it is a newer one, then confirms it.</summary>
    /// <param name="written">Position of the last row known durable; zero if there is no news of it.</param>
    public async ValueTask AdvanceAsync(CommitTs checkpoint, CommitTs written, CancellationToken cancellationToken)
    {
        if (checkpoint <= State.Checkpoint) return;
        await UpdateAsync(
            state => state with
            {
                Checkpoint = CommitTs.Max(state.Checkpoint, checkpoint),
                Written = CommitTs.Max(state.Written, written),
            },
            cancellationToken);
        milestones.Reached(Milestone.CheckpointSaved);
        milestones.Reached(Milestone.BeforeConfirm);
        source.Confirm(checkpoint);
    }

    public void Dispose() => _one.Dispose();

    async ValueTask PersistAsync(ChangefeedState state, CancellationToken cancellationToken)
    {
        Check.That(_state is null || state.Checkpoint >= _state.Checkpoint);
        IReadOnlyList<TableSchema> versions = history.Pending();
        if (versions.Count > 0)
        {
            await store.AppendSchemasAsync(versions, cancellationToken);
            history.Persisted(versions);
        }
        ChangefeedState next = state with { Revision = (_state?.Revision ?? state.Revision) + 1 };
        PersistOutcome outcome = await store.SaveAsync(next, cancellationToken);
        _state = outcome switch
        {
            PersistOutcome.Persisted => next,
            PersistOutcome.Refused => throw new CdcException(FailureKind.StateLocked,
                "Another process has saved this changefeed's state in the meantime.", "Run only one of them."),
            PersistOutcome.Unknown => throw new CdcException(FailureKind.StateUnusable,
                "It is not known whether the state was saved.", "Start again: the next run reads what is there."),
        };
    }
}
