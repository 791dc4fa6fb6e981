using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>The versions that the open transaction adds, over those of the history, which takes them at its commit and
/// never otherwise.</summary>
/// <remarks>Everything is looked up as of the transaction's beginning, so that a replay, which finds the history
/// already filled by the first run, sees the same changes at the same places.</remarks>
internal sealed class SchemaOverlay(SchemaHistory history)
{
    readonly Dictionary<uint, TableSchema> _current = [];
    readonly List<TableSchema> _added = [];
    readonly List<(TableSchema Stand, TableSchema For)> _standIns = [];

    /// <summary>Whether the open transaction changed anything.</summary>
    public bool IsEmpty => _added.Count == 0;

    /// <summary>The version of a table now; null if there is none, or no longer.</summary>
    public TableSchema? Find(uint oid, CommitTs before) => _current.TryGetValue(oid, out TableSchema? version)
        ? version.IsDropped ? null : version
        : history.Find(oid, before);

    /// <summary>The table's id, for good or until the commit shows that an earlier run gave it another.</summary>
    public TableId IdOf(TableSchema? known) => known?.Id ?? history.NextId();

    /// <summary>Adds a version whose commit is not known yet.</summary>
    public void Add(TableSchema version)
    {
        _current[version.SourceId] = version;
        _added.Add(version);
    }

    /// <summary>Holds the place of a version that is told of later.</summary>
    public void Await(TableSchema standIn) => _current[standIn.SourceId] = standIn;

    /// <summary>Adds the version that a stand-in held the place of.</summary>
    public void Replace(TableSchema standIn, TableSchema version)
    {
        _standIns.Add((standIn, version));
        Add(version);
    }

    /// <summary>All tables that there are now.</summary>
    public IEnumerable<TableSchema> Living(CommitTs before) =>
        history.At(before).Where(table => !_current.ContainsKey(table.SourceId))
            .Concat(_current.Values.Where(static table => !table.IsDropped));

    /// <summary>What a type was, as the tables that use it know, or did.</summary>
    public TypeDefinition? FindType(uint oid, CommitTs before) =>
        Enumerable.Reverse(_added).SelectMany(static table => table.Definition?.Types ?? [])
            .FirstOrDefault(type => type.SourceId == oid) ?? history.FindType(oid, before);

    public bool HadSchema(string name, CommitTs before) =>
        _added.Exists(table => table.Name.Schema == name) || history.HadSchema(name, before);

    /// <summary>The transaction is committed: its versions become history. Answers which version each provisional one
    /// became: on a replay, the one that the first run kept.</summary>
    public IReadOnlyDictionary<TableSchema, TableSchema> Install(ulong commit)
    {
        var finals = new Dictionary<TableSchema, TableSchema>(ReferenceEqualityComparer.Instance);
        Dictionary<TableId, TableId> ids = [];
        foreach (TableSchema provisional in _added)
        {
            CommitTs since = provisional.Since with { Commit = commit };
            TableSchema? kept = history.FindExact(provisional.SourceId, since);
            if (kept is not null) ids[provisional.Id] = kept.Id;
            TableSchema version =
                provisional with { Id = ids.GetValueOrDefault(provisional.Id, provisional.Id), Since = since };
            history.Add(version);
            finals.Add(provisional, kept?.Columns.Length == version.Columns.Length ? kept : version);
        }
        foreach ((TableSchema standIn, TableSchema version) in _standIns) finals.Add(standIn, finals[version]);
        Clear();
        return finals;
    }

    public void Clear()
    {
        _current.Clear();
        _added.Clear();
        _standIns.Clear();
    }
}
