using Cdc.Engine;
using Cdc.Engine.Schemas;
using Cdc.Engine.State;

namespace Cdc.Embedded.State;

/// <summary>Keeps state for one run: where nothing is to stay, as with <c>--to stdout</c> and no
/// <c>--state</c>.</summary>
public sealed class MemoryStateStore : IStateStore
{
    readonly List<TableSchema> _schemas = [];
    ChangefeedState? _state;

    public ValueTask<ChangefeedState?> LoadAsync(CancellationToken cancellationToken) => new(_state);

    public ValueTask<PersistOutcome> SaveAsync(ChangefeedState state, CancellationToken cancellationToken)
    {
        Check.That(state.Format == ChangefeedState.CurrentFormat);
        if (state.Revision != (_state?.Revision ?? 0) + 1) return new(PersistOutcome.Refused);
        _state = state;
        return new(PersistOutcome.Persisted);
    }

    public ValueTask<IReadOnlyList<TableSchema>> LoadSchemasAsync(CancellationToken cancellationToken) =>
        new([.. _schemas]);

    public ValueTask AppendSchemasAsync(IReadOnlyList<TableSchema> versions, CancellationToken cancellationToken)
    {
        foreach (TableSchema version in versions)
        {
            if (_schemas.Exists(known => known.Id == version.Id && known.Since == version.Since)) continue;
            _schemas.Add(version);
        }
        return default;
    }

    public ValueTask DisposeAsync() => default;
}
