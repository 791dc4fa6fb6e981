using System.Collections.Immutable;

namespace Cdc.Protocol;

/// <summary>What a block event does to the schedule, as the source's schema history says.</summary>
/// <param name="Influence">Whom it stops.</param>
/// <param name="Dropped">Which tables are gone after it; none: null.</param>
/// <param name="Added">Which tables are there after it; they start at its position.</param>
/// <param name="Moved">Which tables change their schema.</param>
/// <param name="Unsplit">Which tables may not be in several spans while it is done, nor after. Such an event stops
/// the table trigger, too: only the trigger tells a later maintainer of it.</param>
public sealed record BlockPayload(
    Influence Influence,
    Influence? Dropped,
    ImmutableArray<AddedTable> Added,
    ImmutableArray<MovedTable> Moved,
    ImmutableArray<TableId> Unsplit)
{
    /// <summary>Stops these tables and changes nothing in the schedule.</summary>
    public static BlockPayload Of(Influence influence) => new(influence, null, [], [], []);

    /// <summary>Whether the maintainer has to hear of it even where nobody has to be stopped.</summary>
    public bool ChangesSchedule =>
        Added.Length > 0 || Moved.Length > 0 || Unsplit.Length > 0
        || Dropped is Influence.All or Influence.Database or Influence.Normal { Tables.Length: > 0 };
}

/// <summary>A table that a DDL makes, or that is there when the changefeed starts.</summary>
public readonly record struct AddedTable(TableId Table, string Schema, bool IsSplittable);

/// <summary>A table that goes from one schema to another.</summary>
public readonly record struct MovedTable(TableId Table, string From, string To);
