using System.Collections.Immutable;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Setup;

/// <summary>One change of a publication on the way to where it should be.</summary>
/// <param name="Action">What stands behind the publication's name, without the tables or schemas.</param>
internal sealed record PublicationStep(string Publication, string Action)
{
    /// <summary>Whether it makes the publication.</summary>
    public bool Creates { get; init; }

    /// <summary>Tables that it lists or takes out, and that it locks for that.</summary>
    public ImmutableArray<(uint Oid, TableName Name)> Locks { get; init; } = [];

    /// <summary>Schemas that it lists whole or takes out.</summary>
    public ImmutableArray<string> Schemas { get; init; } = [];

    /// <summary>Whether the tables must be able to publish updates when it runs, or must not; null: either
    /// way.</summary>
    public bool? CanUpdate { get; init; }

    /// <summary>The spare that what is added leaves in the same transaction; null: none.</summary>
    public string? From { get; init; }

    /// <summary>Whether tables would not be captured as they should be without it. A move out of a spare, where they
    /// are published as they will be, is left out if a lock is in its way.</summary>
    public bool IsNeeded { get; init; } = true;

    /// <summary>Spares that may take what is to be added while somebody holds the publication.</summary>
    public ImmutableArray<string> Instead { get; init; } = [];

    /// <summary>Whether its tables or schemas are listed by the publication afterwards.</summary>
    public bool Adds => Action.StartsWith("ADD ", StringComparison.Ordinal);

    public string Sql => From is null ? StatementFor(Locks) : $"{StatementFor(Locks)} {Leaving(Locks)}";

    public string StatementFor(IEnumerable<(uint Oid, TableName Name)> tables) =>
        $"{(Creates ? "CREATE" : "ALTER")} PUBLICATION {PostgresNames.Quote(Publication)} {Action}{Listed(tables)};";

    /// <summary>The second half of a move.</summary>
    public string Leaving(IEnumerable<(uint Oid, TableName Name)> tables) =>
        $"ALTER PUBLICATION {PostgresNames.Quote(From!)} DROP{Action["ADD".Length..]}{Listed(tables)};";

    string Listed(IEnumerable<(uint Oid, TableName Name)> tables)
    {
        if (!Schemas.IsEmpty) return " " + string.Join(", ", Schemas.Select(PostgresNames.Quote));
        string names = string.Join(", ONLY ", tables.Select(static t => PostgresNames.Quote(t.Name)));
        return names.Length == 0 ? "" : " " + names;
    }
}
