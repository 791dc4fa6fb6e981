using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;

namespace Cdc.Postgres.Setup;

/// <summary>What has to change so that both publications list exactly the matched tables. Pure.</summary>
/// <remarks>
/// The publication of inserts lists whole schemas besides, where new tables are captured: rows of CREATE TABLE AS come
/// before the command is done, and no update or delete of the application can fail by a publication that has none.
/// Tables without a key are not listed beside their schema; one that was listed before stays.
/// A table that moves is listed at its new place before it leaves its old one, so that none of its inserts falls
/// between the two; what lost its key moves first, because its updates fail until then. ONLY keeps a parent's children
/// out, which are tables of their own. A publication is made empty and filled in pieces, because a statement over
/// thousands of tables would hold all their locks at once.
/// What the event triggers put into a spare, since another transaction held the publication, comes to the others last.
/// </remarks>
internal sealed class PublicationPlan
{
    public const string PublishAll = "insert, update, delete, truncate";
    public const string PublishInserts = "insert, truncate";
    public const string PublishNothing = "";

    /// <summary>Tables locked by one statement.</summary>
    public const int TablesPerStep = 64;

    readonly List<PublicationStep> _steps = [];
    readonly List<Problem> _problems = [];
    readonly Dictionary<uint, TableName> _names;
    readonly ImmutableHashSet<uint> _matched;
    readonly ImmutableHashSet<uint> _owned;
    readonly SpareMaking _making;

    /// <param name="names">Names of tables that are published and no longer matched.</param>
    /// <param name="schemas">Schemas to be published whole; null: those that are.</param>
    public PublicationPlan(
        PostgresNames ours, IReadOnlyCollection<CatalogTable> matched, IReadOnlyCollection<PublicationFacts> existing,
        IReadOnlyDictionary<uint, TableName> names, ImmutableHashSet<string>? schemas = null,
        SpareMaking spares = SpareMaking.None)
    {
        _names = new(names);
        foreach (CatalogTable table in matched) _names[table.Oid] = table.Name;
        _matched = [.. matched.Select(static t => t.Oid)];
        _owned = [.. matched.Where(static t => t.Privileges.IsOwner).Select(static t => t.Oid)];
        _making = spares;
        PublicationFamily keyed = new(ours.Keyed, PublishAll, ours.KeyedSpares, existing)
        {
            Wanted = [.. matched.Where(static t => t.CanUpdate).Select(static t => t.Oid)],
        };
        PublicationFamily inserts = new(ours.InsertOnly, PublishInserts, ours.InsertSpares, existing);
        (ImmutableHashSet<uint> listed, ImmutableHashSet<string> covered) = (inserts.Tables, inserts.Schemas);
        ImmutableHashSet<string> whole = schemas ?? covered;
        inserts = inserts with
        {
            WantedSchemas = whole,
            Wanted = [.. matched.Where(t => !t.CanUpdate && (!whole.Contains(t.Name.Schema) || listed.Contains(t.Oid)))
                .Select(static t => t.Oid)],
        };
        listed = listed.Union(keyed.Tables);
        NewlyPublished = [.. matched.Where(t => !listed.Contains(t.Oid)
            && (t.CanUpdate || !covered.Contains(t.Name.Schema))).Select(static t => t.Oid)];
        if (_making > SpareMaking.None) foreach (PublicationFamily family in new[] { keyed, inserts }) Spare(family);
        Add(inserts);
        Remove(keyed);
        Add(keyed);
        Remove(inserts);
        MayAlter = keyed.All.Concat(inserts.All).All(p =>
            p.IsOwned || (p != keyed.Main && p != inserts.Main && !_steps.Any(s => s.Publication == p.Name)));
        LacksSpares = Lacks(keyed) || Lacks(inserts);
        if (_making == SpareMaking.Untouched) return;
        Move(inserts, maySchemas: schemas is not null);
        Move(keyed, maySchemas: false);
    }

    public ImmutableArray<PublicationStep> Steps => [.. _steps];

    /// <summary>Publications of our name that are not ours to change.</summary>
    public ImmutableArray<Problem> Problems => [.. _problems];

    /// <summary>Whether our role owns the publications that are there.</summary>
    public bool MayAlter { get; }

    public bool Creates => _steps.Any(static s => s.Creates);

    /// <summary>Tables that are to be added, which takes their owner.</summary>
    public IEnumerable<uint> Added =>
        _steps.Where(static s => s.Adds).SelectMany(static s => s.Locks).Select(static t => t.Oid);

    /// <summary>Whether some spares are missing or closed, and will stay so: our role may not make or open
    /// them.</summary>
    public bool LacksSpares { get; }

    /// <summary>Matched tables of which nothing was published: neither by name nor with their schema.</summary>
    public ImmutableHashSet<uint> NewlyPublished { get; }

    // One that is missing where others are in use was dropped: the stream asks for it and is told so.
    void Spare(PublicationFamily family)
    {
        bool isOpen = _making == SpareMaking.Open || family.Open.Any();
        foreach (string name in family.SpareNames)
        {
            PublicationFacts? there = family.Spares.FirstOrDefault(p => p.Name == name);
            if (there is null)
                _steps.Add(Made(name, isOpen ? family.Publish : PublishNothing) with { IsNeeded = false });
            else if (there is { IsOwned: true, IsForeign: false } && there.Publish != family.Publish
                && (isOpen || there.Publish != PublishNothing))
            {
                _steps.Add(Set(name, family.Publish) with { IsNeeded = false });
            }
        }
    }

    bool Lacks(PublicationFamily family) => family.SpareNames.Any(name =>
        family.Spares.FirstOrDefault(p => p.Name == name) is { } there
            ? there is { IsOwned: false, Publish: PublishNothing }
            : _making <= SpareMaking.None);

    void Remove(PublicationFamily family)
    {
        foreach (PublicationFacts there in family.All)
        {
            if (family.IsForeign(there))
            {
                _problems.Add(new(FailureKind.SourceUnfit,
                    $"Publication {there.Name} publishes something else than a list of whole tables, so it is not "
                    + "ours.", $"DROP PUBLICATION {PostgresNames.Quote(there.Name)}; or choose another --name."));
                continue;
            }
            PublicationStep drop = new(there.Name, "DROP TABLE ONLY");
            ImmutableHashSet<uint> extra = there.Tables.Except(family.Wanted);
            Step(drop with { CanUpdate = family.Publish != PublishAll }, extra.Intersect(_matched));
            Step(drop, extra.Except(_matched));
            WholeSchemas(new(there.Name, "DROP TABLES IN SCHEMA"), there.Schemas.Except(family.WantedSchemas));
        }
    }

    void Add(PublicationFamily family)
    {
        if (family.Main is { IsForeign: true }) return;
        if (family.Main is null) _steps.Add(Made(family.Name, family.Publish));
        else if (family.Main.Publish != family.Publish) _steps.Add(Set(family.Name, family.Publish));
        ImmutableArray<string> instead = _making == SpareMaking.Open
            ? [.. family.SpareNames.Where(name => family.Spares.All(p => p.Name != name || p.IsOwned))]
            : [.. family.Open.Where(static p => p.IsOwned).Select(static p => p.Name)];
        Step(new(family.Name, "ADD TABLE ONLY") { CanUpdate = family.Publish == PublishAll, Instead = instead },
            family.Wanted.Except(family.Tables));
        WholeSchemas(new(family.Name, "ADD TABLES IN SCHEMA") { Instead = instead },
            family.WantedSchemas.Except(family.Schemas));
    }

    // Only what our role may: it is captured where it is, too.
    void Move(PublicationFamily family, bool maySchemas)
    {
        if (family.Main is not { IsOwned: true } main || family.IsForeign(main)) return;
        foreach (PublicationFacts spare in family.Spares.Where(p => p.IsOwned && !family.IsForeign(p)))
        {
            PublicationStep tables = new(family.Name, "ADD TABLE ONLY")
            {
                From = spare.Name,
                IsNeeded = false,
                CanUpdate = family.Publish == PublishAll,
            };
            Step(tables, spare.Tables.Intersect(family.Wanted).Intersect(_owned));
            PublicationStep schemas = tables with { Action = "ADD TABLES IN SCHEMA", CanUpdate = null };
            if (maySchemas) WholeSchemas(schemas, spare.Schemas.Intersect(family.WantedSchemas));
        }
    }

    void WholeSchemas(PublicationStep step, ImmutableHashSet<string> schemas)
    {
        if (!schemas.IsEmpty) _steps.Add(step with { Schemas = [.. schemas.Order(StringComparer.Ordinal)] });
    }

    void Step(PublicationStep step, ImmutableHashSet<uint> tables)
    {
        foreach (uint[] some in tables.Where(_names.ContainsKey).Order().Chunk(TablesPerStep))
            _steps.Add(step with { Locks = [.. some.Select(oid => (oid, _names[oid]))] });
    }

    static PublicationStep Made(string name, string publish) =>
        new(name, $"WITH {Operations(publish)}") { Creates = true };

    /// <summary>Makes a publication that is there publish these operations.</summary>
    public static PublicationStep Set(string name, string publish) => new(name, $"SET {Operations(publish)}");

    static string Operations(string publish) => $"(publish = '{publish}', publish_via_partition_root = false)";
}
