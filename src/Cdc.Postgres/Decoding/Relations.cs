using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Decoding;

/// <summary>The tables of one connection, with the versions that the open transaction adds: an overlay that the history
/// takes at its commit, and never otherwise.</summary>
/// <remarks>Versions are looked up as of the transaction's beginning, so that a replay, which finds the history already
/// filled by the first run, sees the same changes at the same places.</remarks>
internal sealed partial class Relations(
    SchemaHistory history, ITableCatalog catalog, TableSelection selection, ILogger logger)
{
    readonly Dictionary<uint, Relation> _relations = [];
    readonly Dictionary<uint, TableSchema> _overlay = [];
    readonly List<TableSchema> _added = [];
    readonly HashSet<TableName> _said = [];
    Relation? _last;
    uint _lastOid;

    /// <summary>Whether the open transaction changed a table's shape.</summary>
    public bool HasOverlay => _added.Count > 0;

    /// <summary>The table that a row belongs to; null if the server never described it.</summary>
    public Relation? Find(uint oid)
    {
        if (oid == _lastOid && _last is not null) return _last;
        if (!_relations.TryGetValue(oid, out Relation? relation)) return null;
        (_last, _lastOid) = (relation, oid);
        return relation;
    }

    /// <summary>The version that a RELATION of a transaction replaces. Answers false if there is nothing to change:
    /// the shape is the one known, or the table is none of ours.</summary>
    public bool Changes(RelationMessage message, CommitTs before)
    {
        TableSchema? known = Known(message.Oid, before);
        return known is null ? selection.Matches(message.Name) : !message.IsShapeOf(known);
    }

    /// <summary>Takes a RELATION that changes nothing.</summary>
    public void Keep(RelationMessage message, CommitTs before)
    {
        TableSchema? known = Known(message.Oid, before);
        if (known is null) Set(message.Oid, Foreign(message), false);
        else Set(message.Oid, known, IsCaptured(message.Name, known.Name));
    }

    /// <summary>Takes a RELATION that begins a new version, at a step of a commit not known yet.</summary>
    public void Change(RelationMessage message, CommitTs before, uint step)
    {
        TableSchema? known = Known(message.Oid, before);
        TableSchema version = message.ToSchema(IdOf(message.Oid, known), new(0, step), catalog);
        _overlay[message.Oid] = version;
        _added.Add(version);
        Set(message.Oid, version, IsCaptured(message.Name, known?.Name));
    }

    /// <summary>The transaction is committed: its versions become history. Answers which version each provisional one
    /// became: on a replay, the one that the first run kept.</summary>
    public IReadOnlyDictionary<TableSchema, TableSchema> Install(ulong commit)
    {
        var finals = new Dictionary<TableSchema, TableSchema>(ReferenceEqualityComparer.Instance);
        foreach (TableSchema provisional in _added)
        {
            CommitTs since = provisional.Since with { Commit = commit };
            TableSchema version = provisional with { Since = since };
            history.Add(version);
            TableSchema? kept = history.Find(version.Id, since);
            if (kept?.Since == since && kept.Columns.Length == version.Columns.Length) version = kept;
            finals.Add(provisional, version);
        }
        foreach ((uint oid, TableSchema provisional) in _overlay)
        {
            bool isCaptured = _relations[oid].IsCaptured;
            Set(oid, finals[provisional], isCaptured);
        }
        _overlay.Clear();
        _added.Clear();
        return finals;
    }

    TableSchema? Known(uint oid, CommitTs before) =>
        _overlay.TryGetValue(oid, out TableSchema? version) ? version : history.Find(oid, before);

    TableId IdOf(uint oid, TableSchema? known) =>
        (known ?? history.Find(oid, CommitTs.End(ulong.MaxValue)))?.Id ?? history.NextId();

    void Set(uint oid, TableSchema schema, bool isCaptured)
    {
        _relations[oid] = new(schema, isCaptured);
        _last = null;
    }

    bool IsCaptured(TableName name, TableName? before)
    {
        bool matches = selection.Matches(name);
        bool matched = before is { } old && selection.Matches(old);
        if (before is null || before == name || !_said.Add(name)) return matches;
        if (!matches) LogRenamedOut(logger, before.Value, name);
        else if (!matched) LogRenamedIn(logger, before.Value, name);
        return matches;
    }

    // A table of somebody else's publication: only its number of columns matters, for skipping its rows.
    static TableSchema Foreign(RelationMessage message) => new()
    {
        Id = TableId.Trigger,
        Name = message.Name,
        SourceId = message.Oid,
        Columns = [.. message.Columns.Select(static c => new Column(c.Name, new(TypeKind.Other, ""), c.IsIdentity))],
    };
}
