using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>One step of a transaction: rows of any tables, or one block event.</summary>
public abstract record ModelStep(CommitTs At);

/// <summary>Each key at most once.</summary>
public sealed record RowsStep(CommitTs At, IReadOnlyList<RowChange> Rows) : ModelStep(At);

/// <summary>A DDL or a syncpoint.</summary>
public sealed record BlockStep(BlockEventId Event, BlockPayload Payload, Ddl Ddl) : ModelStep(Event.At);

/// <summary>What a DDL does to tables; a syncpoint does nothing.</summary>
/// <param name="Created">New tables.</param>
/// <param name="Dropped">Tables that are gone.</param>
/// <param name="Reshaped">Tables whose rows look different from then on.</param>
/// <param name="Truncated">Tables that lose their rows.</param>
public sealed record Ddl(
    string Text,
    IReadOnlyList<TableId> Created,
    IReadOnlyList<TableId> Dropped,
    IReadOnlyList<TableId> Reshaped,
    IReadOnlyList<TableId> Truncated)
{
    /// <summary>Tables that get a unique column.</summary>
    public IReadOnlyList<TableId> Unique { get; init; } = [];

    /// <summary>What it makes a table refer to.</summary>
    public ForeignKey? ForeignKey { get; init; }

    /// <summary>The tables whose content or shape it changes.</summary>
    public IEnumerable<TableId> Changed => [.. Created, .. Dropped, .. Reshaped, .. Truncated, .. Unique];
}
