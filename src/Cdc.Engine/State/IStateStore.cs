using Cdc.Engine.Schemas;

namespace Cdc.Engine.State;

/// <summary>How a save ended.</summary>
public enum PersistOutcome
{
    Persisted,

    /// <summary>Somebody else saved in between. Nothing was changed; this owner must stop.</summary>
    Refused,

    /// <summary>It may have happened or not. This owner must stop; the next one reads what is there.</summary>
    Unknown,
}

/// <summary>Keeps one changefeed's state.</summary>
/// <remarks>
/// Durability: a save that answered Persisted survives a crash of the machine. A reader sees a whole record, never a
/// part.
/// Concurrency: one call at a time. Opening a store takes its lock; a second process is refused
/// (<see cref="Failures.FailureKind.StateLocked"/>).
/// Repeats: a save that was refused or failed changed nothing and may be tried again; after Unknown every later save
/// is Unknown.
/// Cancellation: before a save or an append begins, or not at all.
/// Errors: StateUnusable for what can't be read, or is of a newer format; DiskFailed for what can't be written.
/// </remarks>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>The last saved record; null if there never was one.</summary>
    ValueTask<ChangefeedState?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Saves <paramref name="state"/>, whose revision must be one above the saved one: anything else is
    /// Refused.</summary>
    ValueTask<PersistOutcome> SaveAsync(ChangefeedState state, CancellationToken cancellationToken);

    /// <summary>Every version appended, in that order; none if no record was ever saved.</summary>
    ValueTask<IReadOnlyList<TableSchema>> LoadSchemasAsync(CancellationToken cancellationToken);

    /// <summary>Appends versions; durable when it completes. The same version again changes nothing.</summary>
    ValueTask AppendSchemasAsync(IReadOnlyList<TableSchema> versions, CancellationToken cancellationToken);
}
