using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>One statement for the target.</summary>
/// <param name="Does">What kind of statement it is, for a sentence: <c>ALTER TABLE … ADD COLUMN</c>.</param>
/// <param name="Of">The table or type that it is about.</param>
internal sealed record DdlStatement(DdlPhase Phase, string Sql, string Does, TableName Of)
{
    /// <summary>A condition in SQL: if it does not hold, the statement is left out.</summary>
    public string? When { get; init; }

    /// <summary>Another table that it speaks of: where the target has none of the name, the statement is left out, and
    /// that is said.</summary>
    public TableName? Needs { get; init; }

    /// <summary>The server's code of a failure that is no reason to stop.</summary>
    public string? Tolerates { get; init; }

    /// <summary>Runs in place of a statement that failed as tolerated.</summary>
    public string? Instead { get; init; }

    /// <summary>What to say when it failed as tolerated.</summary>
    public string? Said { get; init; }

    /// <summary>What it speaks of may be of another moment at the target, so that it does not fit: then it is left
    /// out, and that is said.</summary>
    public bool IsOptional { get; init; }

    /// <summary>It fails if the event can't be repeated here: the table needs a new copy.</summary>
    public bool IsProof { get; init; }

    /// <summary>It holds text of the user's own, whose names are read under the source's search_path.</summary>
    public bool ReadsSearchPath { get; init; }

    /// <summary>In place of <see cref="Sql"/>: whatever makes the target's type as this says.</summary>
    public TypeDefinition? Type { get; init; }

    /// <summary>What <see cref="Type"/> was before, if that is known.</summary>
    public TypeDefinition? TypeBefore { get; init; }
}
