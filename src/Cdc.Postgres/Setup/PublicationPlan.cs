using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;

namespace Cdc.Postgres.Setup;

/// <summary>One statement that brings a publication to where it should be.</summary>
/// <param name="Locks">Tables that the statement locks; none for a publication's own settings.</param>
/// <param name="CanUpdate">Whether the tables must be able to publish updates when it runs, or must not; null: either
/// way.</param>
internal sealed record PublicationStep(
    string Publication, string Action, ImmutableArray<(uint Oid, TableName Name)> Locks, bool? CanUpdate = null)
{
    /// <summary>Whether its tables are listed by the publication afterwards.</summary>
    public bool Adds => Action.Contains(" ADD ", StringComparison.Ordinal);

    public string Sql => Locks.IsEmpty ? Action : StatementFor(Locks);

    public string StatementFor(IEnumerable<(uint Oid, TableName Name)> tables) =>
        $"{Action} {string.Join(", ONLY ", tables.Select(static t => PostgresNames.Quote(t.Name)))};";
}

/// <summary>What has to change so that both publications list exactly the matched tables. Pure.</summary>
/// <remarks>
/// The publication of inserts lists whole schemas besides, where new tables are captured: rows of CREATE TABLE AS come
/// before the command is done, and no update or delete of the application can fail by a publication that has none.
/// Tables without a key are not listed beside their schema; one that was listed before stays.
/// A table that moves is listed at its new place before it leaves its old one, so that none of its inserts falls
/// between the two; what lost its key moves first, because its updates fail until then. ONLY keeps a parent's children
/// out, which are tables of their own. A publication is made empty and filled in pieces, because a statement over
/// thousands of tables would hold all their locks at once.
/// </remarks>
internal sealed class PublicationPlan
{
    public const string PublishAll = "insert, update, delete, truncate";
    public const string PublishInserts = "insert, truncate";

    /// <summary>Tables locked by one statement.</summary>
    public const int TablesPerStep = 64;

    readonly List<PublicationStep> _steps = [];
    readonly List<Problem> _problems = [];
    readonly Dictionary<uint, TableName> _names;
    readonly ImmutableHashSet<uint> _matched;

    /// <param name="names">Names of tables that are published and no longer matched.</param>
    /// <param name="schemas">Schemas to be published whole; null: those that are.</param>
    public PublicationPlan(
        PostgresNames ours, IReadOnlyCollection<CatalogTable> matched, IReadOnlyCollection<PublicationFacts> existing,
        IReadOnlyDictionary<uint, TableName> names, ImmutableHashSet<string>? schemas = null)
    {
        _names = new(names);
        foreach (CatalogTable table in matched) _names[table.Oid] = table.Name;
        _matched = [.. matched.Select(static t => t.Oid)];
        Wanted keyed =
            new(ours.Keyed, PublishAll, [.. matched.Where(static t => t.CanUpdate).Select(static t => t.Oid)]);
        PublicationFacts? formerly = existing.FirstOrDefault(p => p.Name == ours.InsertOnly);
        ImmutableHashSet<string> whole = schemas ?? formerly?.Schemas ?? [];
        Wanted inserts = new(ours.InsertOnly, PublishInserts, [.. matched.Where(t => !t.CanUpdate
            && (!whole.Contains(t.Name.Schema) || formerly?.Tables.Contains(t.Oid) == true)).Select(static t => t.Oid)])
        {
            Schemas = whole,
        };
        NewlyPublished = [.. matched.Where(t => !existing.Any(p => p.Tables.Contains(t.Oid))
            && (t.CanUpdate || formerly?.Schemas.Contains(t.Name.Schema) != true)).Select(static t => t.Oid)];
        PublicationFacts? Find(Wanted wanted) => existing.FirstOrDefault(p => p.Name == wanted.Name);
        Add(inserts, Find(inserts));
        Remove(keyed, Find(keyed));
        Add(keyed, Find(keyed));
        Remove(inserts, Find(inserts));
        MayAlter = existing.Where(p => p.Name == keyed.Name || p.Name == inserts.Name).All(static p => p.IsOwned);
    }

    public ImmutableArray<PublicationStep> Steps => [.. _steps];

    /// <summary>Publications of our name that are not ours to change.</summary>
    public ImmutableArray<Problem> Problems => [.. _problems];

    /// <summary>Whether our role owns the publications that are there.</summary>
    public bool MayAlter { get; }

    public bool Creates => _steps.Any(static s => s.Action.StartsWith("CREATE", StringComparison.Ordinal));

    /// <summary>Tables that are to be added, which takes their owner.</summary>
    public IEnumerable<uint> Added =>
        _steps.Where(static s => s.Adds).SelectMany(static s => s.Locks).Select(static t => t.Oid);

    /// <summary>Matched tables of which nothing was published: neither by name nor with their schema.</summary>
    public ImmutableHashSet<uint> NewlyPublished { get; }

    void Remove(Wanted wanted, PublicationFacts? there)
    {
        if (there is null) return;
        string name = PostgresNames.Quote(wanted.Name);
        if (there.IsForeign || (wanted.Publish == PublishAll && !there.Schemas.IsEmpty))
        {
            _problems.Add(new(FailureKind.SourceUnfit,
                $"Publication {wanted.Name} publishes something else than a list of whole tables, so it is not ours.",
                $"DROP PUBLICATION {name}; or choose another --name."));
            return;
        }
        ImmutableHashSet<uint> extra = there.Tables.Except(wanted.Tables);
        string drop = $"ALTER PUBLICATION {name} DROP TABLE ONLY";
        Step(wanted, drop, extra.Intersect(_matched), canUpdate: wanted.Publish != PublishAll);
        Step(wanted, drop, extra.Except(_matched), canUpdate: null);
        WholeSchemas(wanted, $"ALTER PUBLICATION {name} DROP TABLES IN SCHEMA", there.Schemas.Except(wanted.Schemas));
    }

    void Add(Wanted wanted, PublicationFacts? there)
    {
        if (there is { IsForeign: true }) return;
        string name = PostgresNames.Quote(wanted.Name);
        string publish = $"(publish = '{wanted.Publish}', publish_via_partition_root = false)";
        if (there is null)
            _steps.Add(new(wanted.Name, $"CREATE PUBLICATION {name} WITH {publish};", []));
        else if (there.Publish != wanted.Publish)
            _steps.Add(new(wanted.Name, $"ALTER PUBLICATION {name} SET {publish};", []));
        ImmutableHashSet<uint> missing = wanted.Tables.Except(there?.Tables ?? []);
        Step(wanted, $"ALTER PUBLICATION {name} ADD TABLE ONLY", missing, canUpdate: wanted.Publish == PublishAll);
        WholeSchemas(
            wanted, $"ALTER PUBLICATION {name} ADD TABLES IN SCHEMA", wanted.Schemas.Except(there?.Schemas ?? []));
    }

    void WholeSchemas(Wanted wanted, string action, ImmutableHashSet<string> schemas)
    {
        if (schemas.IsEmpty) return;
        string list = string.Join(", ", schemas.Order(StringComparer.Ordinal).Select(PostgresNames.Quote));
        _steps.Add(new(wanted.Name, $"{action} {list};", []));
    }

    void Step(Wanted wanted, string action, ImmutableHashSet<uint> tables, bool? canUpdate)
    {
        foreach (uint[] some in tables.Where(_names.ContainsKey).Order().Chunk(TablesPerStep))
            _steps.Add(new(wanted.Name, action, [.. some.Select(oid => (oid, _names[oid]))], canUpdate));
    }

    sealed record Wanted(string Name, string Publish, ImmutableHashSet<uint> Tables)
    {
        public ImmutableHashSet<string> Schemas { get; init; } = [];
    }
}
