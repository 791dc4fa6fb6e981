using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Decoding;

/// <summary>What a RELATION says that was not known.</summary>
internal enum RelationNews
{
    None,
    /// <summary>Another shape: a version begins here.</summary>
    Shape,
    /// <summary>A table, made by a statement that writes rows before it is told of.</summary>
    Table,
}

/// <summary>The tables of one connection, in the versions that hold now.</summary>
internal sealed partial class Relations(
    SchemaHistory history, ITableCatalog catalog, TableSelection selection, DdlCaptureMode capture, ILogger logger)
{
    readonly Dictionary<uint, Relation> _relations = [];
    readonly SchemaOverlay _overlay = new(history);
    readonly Dictionary<uint, (TableSchema StandIn, DdlStatement Statement)> _awaited = [];
    readonly HashSet<TableName> _said = [];
    Relation? _last;
    uint _lastOid;

    /// <summary>Whether the open transaction changed a table's shape.</summary>
    public bool HasOverlay => !_overlay.IsEmpty;

    public SchemaOverlay Overlay => _overlay;

    public bool Matches(TableName name) => selection.Matches(name);

    /// <summary>The table that a row belongs to; null if the server never described it.</summary>
    public Relation? Find(uint oid)
    {
        if (oid == _lastOid && _last is not null) return _last;
        if (!_relations.TryGetValue(oid, out Relation? relation)) return null;
        (_last, _lastOid) = (relation, oid);
        return relation;
    }

    /// <summary>What a RELATION of a transaction says that was not known.</summary>
    /// <exception cref="Engine.Failures.CdcException">SourceUnfit: a shape that should have been told of
    /// before.</exception>
    public RelationNews Judge(RelationMessage message, CommitTs before)
    {
        TableSchema? known = _overlay.Find(message.Oid, before);
        if (known is null)
        {
            if (!selection.Matches(message.Name)) return RelationNews.None;
            return capture == DdlCaptureMode.Trigger ? RelationNews.Table : RelationNews.Shape;
        }
        if (message.IsShapeOf(known)) return RelationNews.None;
        if (capture == DdlCaptureMode.Relation) return RelationNews.Shape;
        bool isOurs = selection.Matches(message.Name) || selection.Matches(known.Name);
        if (!isOurs) return RelationNews.None;
        throw capture == DdlCaptureMode.Trigger
            ? DdlFailures.Unannounced(message.Name)
            : DdlFailures.Changed(message.Name);
    }

    /// <summary>Takes a RELATION that changes nothing.</summary>
    public void Keep(RelationMessage message, CommitTs before)
    {
        TableSchema? known = _overlay.Find(message.Oid, before);
        if (known is null || !message.IsShapeOf(known)) Set(message.Oid, Foreign(message), false);
        else Set(message.Oid, known, IsCaptured(message.Name, known.Name));
    }

    /// <summary>Takes a RELATION that begins a new version, at a step of a commit not known yet.</summary>
    public void Change(RelationMessage message, CommitTs before, uint step)
    {
        TableSchema? known = _overlay.Find(message.Oid, before);
        TableSchema version = message.ToSchema(_overlay.IdOf(known), new(0, step), catalog);
        _overlay.Add(version);
        Set(message.Oid, version, IsCaptured(message.Name, known?.Name));
    }

    /// <summary>Takes a RELATION of a table whose making is told of later, and the step for that.</summary>
    public DdlStatement Await(RelationMessage message, uint step)
    {
        TableSchema standIn = message.ToStandIn(_overlay.IdOf(null), new(0, step));
        DdlStatement statement = new(step) { WaitsFor = message.Name };
        _awaited[message.Oid] = (standIn, statement);
        _overlay.Await(standIn);
        Set(message.Oid, standIn, true);
        return statement;
    }

    /// <summary>The statement whose step was taken when this table's first rows came.</summary>
    public DdlStatement? Awaited(uint oid) =>
        _awaited.TryGetValue(oid, out (TableSchema, DdlStatement Statement) awaited) ? awaited.Statement : null;

    /// <summary>The id of a table that is new to us, unless it was known under another name.</summary>
    public TableId IdOf(uint oid, TableSchema? known) =>
        _awaited.TryGetValue(oid, out (TableSchema StandIn, DdlStatement) awaited)
            ? awaited.StandIn.Id
            : _overlay.IdOf(known);

    /// <summary>A version that a DDL's message tells of.</summary>
    public void Begin(TableSchema version)
    {
        if (_awaited.Remove(version.SourceId, out (TableSchema StandIn, DdlStatement) awaited))
            _overlay.Replace(awaited.StandIn, version);
        else _overlay.Add(version);
        Set(version.SourceId, version, !version.IsDropped && selection.Matches(version.Name));
    }

    /// <summary>The transaction is committed: its versions become history. Answers which version each provisional one
    /// became.</summary>
    public IReadOnlyDictionary<TableSchema, TableSchema> Install(ulong commit)
    {
        IReadOnlyDictionary<TableSchema, TableSchema> finals = _overlay.Install(commit);
        foreach ((uint oid, Relation relation) in _relations.ToArray())
        {
            if (finals.TryGetValue(relation.Schema, out TableSchema? final)) Set(oid, final, relation.IsCaptured);
        }
        return finals;
    }

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
    static TableSchema Foreign(RelationMessage message) => message.ToStandIn(TableId.Trigger, default);
}
