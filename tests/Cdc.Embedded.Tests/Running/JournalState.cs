using Cdc.Embedded.State;
using Cdc.Engine.Schemas;
using Cdc.Engine.State;

namespace Cdc.Embedded.Tests.Running;

/// <summary>State in memory that notes every save, and refuses the one the test names.</summary>
sealed class JournalState(Journal journal) : IStateStore
{
    readonly MemoryStateStore _store = new();

    public Func<ChangefeedState, PersistOutcome?> Answer { get; set; } = static _ => null;

    public ValueTask<ChangefeedState?> LoadAsync(CancellationToken cancellationToken) => _store.LoadAsync(cancellationToken);

    public ValueTask<PersistOutcome> SaveAsync(ChangefeedState state, CancellationToken cancellationToken)
    {
        journal.Add($"save epoch {state.Epoch} checkpoint {state.Checkpoint} {state.Snapshot} copied {state.Copied.Count}");
        return Answer(state) is { } answer ? new(answer) : _store.SaveAsync(state, cancellationToken);
    }

    public ValueTask<IReadOnlyList<TableSchema>> LoadSchemasAsync(CancellationToken cancellationToken) =>
        _store.LoadSchemasAsync(cancellationToken);

    public ValueTask AppendSchemasAsync(IReadOnlyList<TableSchema> versions, CancellationToken cancellationToken)
    {
        journal.Add($"schemas {versions.Count}");
        return _store.AppendSchemasAsync(versions, cancellationToken);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
