using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Sources;

/// <summary>How the source holds our place in its log.</summary>
public enum PositionState
{
    /// <summary>It holds none: never started, or dropped.</summary>
    Absent,
    Held,
    /// <summary>Held, and read by another process right now.</summary>
    Busy,
    /// <summary>There is a place, but the log behind it is gone.</summary>
    Lost,
    /// <summary>Any place can be read again at any time, so none is held: the demo source.</summary>
    NotNeeded,
}

/// <summary>Our place in the source's log, as the source says.</summary>
/// <param name="Name">The slot's name.</param>
/// <param name="Confirmed">What the source was told it may forget. Never beyond our checkpoint, unless somebody moved
/// it.</param>
/// <param name="BusyWith">Who reads there, as the server names it: <c>process 4711</c>.</param>
/// <param name="Statement">What an operator runs to end that reader.</param>
public sealed record HeldPosition(
    PositionState State, string Name, CommitTs Confirmed = default, string? BusyWith = null, string? Statement = null);

/// <summary>A table that the patterns match.</summary>
/// <param name="Rows">Estimated number of rows; -1 if the server does not know.</param>
/// <param name="Bytes">Estimated size.</param>
/// <param name="Key">Names of the key's columns; empty without a key.</param>
/// <param name="CanUpdate">Whether its updates and deletes can be captured without harming the application.</param>
public sealed record MatchedTable(
    TableName Name, uint SourceId, long Rows, long Bytes, ImmutableArray<string> Key, bool CanUpdate,
    ReplicaIdentity Identity)
{
    /// <summary>Names of the columns that are captured.</summary>
    public required ImmutableArray<string> Columns { get; init; }

    public bool HasKey => !Key.IsEmpty;
}

/// <summary>Everything a source says before anything is changed.</summary>
public sealed record SourceFacts
{
    public required SourceIdentity Identity { get; init; }
    public required HeldPosition Position { get; init; }
    /// <summary>Where the source's log ends now. Zero if it can't be known.</summary>
    public CommitTs LogEnd { get; init; }

    public ImmutableArray<MatchedTable> Tables { get; init; } = [];

    /// <summary>Tables that are there and that a pattern of <c>--exclude</c> matches.</summary>
    public ImmutableArray<TableName> Excluded { get; init; } = [];

    /// <summary>Every problem at once, each with what fixes it.</summary>
    public ImmutableArray<Problem> Problems { get; init; } = [];

    /// <summary>The statements that a first start will run, for showing.</summary>
    public ImmutableArray<string> Plan { get; init; } = [];

    /// <summary>The server's name and version, for people.</summary>
    public string Server { get; init; } = "";
}
