using System.Collections.Immutable;
using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Maintenance;

/// <summary>The answer to <see cref="LoadTables"/>: the tables that the changefeed has at that position.</summary>
public sealed record TablesLoaded(Mode Mode, CommitTs At, ImmutableArray<AddedTable> Tables) : Input;

/// <summary>The answer to <see cref="FindDropped"/>: those that were.</summary>
public sealed record DroppedFound(CommitTs At, ImmutableArray<TableId> Tables) : Input;

// What somebody wants below is for this maintainer alone: one that takes over does not know of it. Whoever wants it
// looks whether it is so, and says it again.

/// <summary>These nodes are to be emptied: they keep nothing and get nothing. Replaces what was said before.</summary>
public sealed record DrainNodes(ImmutableArray<NodeId> Nodes) : Input;

/// <summary>Somebody wants a table in so many spans. Nothing is done where that can't be.</summary>
public sealed record SplitTable(Mode Mode, TableId Table, int Parts) : Input;

/// <summary>Somebody wants a table in one span again.</summary>
public sealed record MergeTable(Mode Mode, TableId Table) : Input;

/// <summary>Somebody wants a table out of the schedule.</summary>
public sealed record ParkTable(TableId Table) : Input;
