using System.Collections.Immutable;

namespace Cdc.Postgres.Setup;

/// <summary>Whether spare publications are to be made, and how.</summary>
internal enum SpareMaking
{
    /// <summary>Not, and what is in some is not moved either: nothing can be changed here.</summary>
    Untouched,

    /// <summary>Not: no event triggers use them, or our role may not make them.</summary>
    None,

    /// <summary>To be used at once: no slot is older than they are.</summary>
    Open,

    /// <summary>Publishing nothing, until the slot has passed all log from before them: see
    /// <see cref="SparePublications"/>.</summary>
    Closed,
}

/// <summary>A publication and its spares: what is to be listed by one of them, and what is.</summary>
/// <param name="Publish">The operations of all of them.</param>
internal sealed record PublicationFamily(
    string Name, string Publish, ImmutableArray<string> SpareNames, PublicationFacts? Main,
    ImmutableArray<PublicationFacts> Spares)
{
    public PublicationFamily(
        string name, string publish, ImmutableArray<string> spares, IReadOnlyCollection<PublicationFacts> existing)
        : this(name, publish, spares, existing.FirstOrDefault(p => p.Name == name),
            [.. existing.Where(p => spares.Contains(p.Name))])
    {
    }

    /// <summary>Tables that should be listed by name.</summary>
    public ImmutableHashSet<uint> Wanted { get; init; } = [];

    /// <summary>Schemas that should be listed.</summary>
    public ImmutableHashSet<string> WantedSchemas { get; init; } = [];

    public IEnumerable<PublicationFacts> All => Main is null ? Spares : [Main, .. Spares];

    public ImmutableHashSet<uint> Tables => [.. All.SelectMany(static p => p.Tables)];

    public ImmutableHashSet<string> Schemas => [.. All.SelectMany(static p => p.Schemas)];

    /// <summary>Spares that the stream reads.</summary>
    public IEnumerable<PublicationFacts> Open => Spares.Where(p => p.Publish == Publish && !IsForeign(p));

    /// <summary>Made by somebody else, for other things.</summary>
    public bool IsForeign(PublicationFacts publication) => publication.IsForeign
        || (Publish == PublicationPlan.PublishAll && !publication.Schemas.IsEmpty);
}
