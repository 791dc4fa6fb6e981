using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Maintenance;

/// <summary>Finds out which tables the changefeed has at a position, and answers with <see cref="TablesLoaded"/>. The
/// host tries until it has it.</summary>
public sealed record LoadTables(Mode Mode, CommitTs At) : Effect;

/// <summary>Finds out in the schema history which of these tables were dropped at or before a position, and answers
/// with <see cref="DroppedFound"/>. A table that is made only behind the position is none of them. The host tries until
/// it knows.</summary>
public sealed record FindDropped(CommitTs At, ImmutableArray<TableId> Tables) : Effect;

/// <summary>Has the source write a syncpoint into its log.</summary>
public sealed record RequestSyncpoint : Effect
{
    public static readonly RequestSyncpoint Now = new();
}

/// <param name="SyncpointInterval">How often the source is asked for a syncpoint; null: never.</param>
public sealed record MaintainerOptions(TimeSpan? SyncpointInterval)
{
    /// <summary>When tables are split and merged by what is written to them; null: only when somebody asks.</summary>
    public TrafficOptions? Traffic { get; init; }

    public static readonly MaintainerOptions Default = new((TimeSpan?)null);
}
