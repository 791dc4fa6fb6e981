using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Capture;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>Finds out what one DDL changed: the catalogs that its message carries, against what was known before it.
/// The tables' new versions hold from then on.</summary>
internal sealed class DdlEffects
{
    static readonly string[] MakingTables = ["CREATE TABLE", "CREATE TABLE AS", "SELECT INTO", "CREATE SCHEMA"];

    readonly Relations _relations;
    readonly DdlMessage _message;
    readonly CommitTs _before;
    readonly uint _step;
    readonly List<SchemaChange> _types = [];
    readonly List<SchemaChange> _tables = [];
    readonly List<SchemaChange> _gone = [];

    DdlEffects(Relations relations, DdlMessage message, CommitTs before, uint step) =>
        (_relations, _message, _before, _step) = (relations, message, before, step);

    SchemaOverlay Overlay => _relations.Overlay;

    /// <param name="before">The end of everything before the transaction.</param>
    /// <exception cref="Engine.Failures.CdcException">TableStopped: rows of a table are missing.</exception>
    public static DdlEffect Apply(Relations relations, DdlMessage message, CommitTs before, uint step)
    {
        DdlEffects effects = new(relations, message, before, step);
        // As it was: what the statement takes away is concerned too.
        ImmutableArray<TableSchema> living = [.. effects.Overlay.Living(before)];
        foreach (TypeDefinition type in message.Types) effects.Alter(type);
        bool writesRows = message.Tag is "CREATE TABLE AS" or "SELECT INTO";
        foreach (CapturedTable table in message.Tables) effects.Take(table);
        foreach (DroppedThing thing in message.Dropped) effects.Drop(thing);
        ImmutableArray<SchemaChange> changes = effects.InOrder();
        string? text = writesRows || message.Sql is null ? null
            : StatementText.Find(message.Sql, message.Tag, changes);
        return new(message.Tag, text, message.SearchPath)
        {
            Changes = changes,
            Reach = DdlReaches.Of(
                message.Tag, changes, [.. living, .. changes.Select(static c => c.Table).OfType<TableSchema>()]),
        };
    }

    void Alter(TypeDefinition type)
    {
        TypeDefinition? before = Overlay.FindType(type.SourceId, _before);
        if (before != type) _types.Add(new SchemaChange.TypeAltered(before, type));
    }

    void Take(CapturedTable table)
    {
        // A stand-in has no definition yet: its table is new.
        TableSchema? known = _relations.Awaited(table.Oid) is null ? Overlay.Find(table.Oid, _before) : null;
        bool matches = _relations.Matches(table.Name) && table.IsLogged;
        bool matched = known is not null && _relations.Matches(known.Name);
        if (matched && !matches) Leave(known!, table.Name);
        else if (matched) Change(known!, table);
        else if (matches) Enter(known, table);
        else if (known is not null && table.IsLogged) Follow(known, table);
    }

    void Enter(TableSchema? known, CapturedTable table)
    {
        bool isEmpty = table.Definition.Form == TableForm.Partitioned || _message.Empty.Contains(table.Oid)
            || RewriteOf(table.Oid).HasFlag(TableRewrite.Empty);
        if (!isEmpty && (known is not null || !MakingTables.Contains(_message.Tag)))
            throw DdlFailures.NeedsCopy(table.Name);
        TableSchema version = Begin(_relations.IdOf(table.Oid, known), table);
        _tables.Add(new SchemaChange.TableCreated(version));
    }

    void Change(TableSchema known, CapturedTable table)
    {
        TableRewrite rewrite = RewriteOf(table.Oid);
        bool isSame = known.HasShapeOf(table.ToSchema(known.Id, known.Since));
        bool writesAnew = (rewrite & (TableRewrite.Default | TableRewrite.ColumnType)) != 0;
        if (isSame && !writesAnew) return;
        TableSchema after = isSame ? known : Begin(known.Id, table);
        _tables.Add(new SchemaChange.TableAltered(known, after, rewrite));
    }

    // The patterns don't match it, now or before; should they do so one day, its shape is known.
    void Follow(TableSchema known, CapturedTable table)
    {
        if (!known.HasShapeOf(table.ToSchema(known.Id, known.Since))) Begin(known.Id, table);
    }

    void Leave(TableSchema known, TableName name)
    {
        End(known);
        _tables.Add(new SchemaChange.TableLeft(known, name));
    }

    void Drop(DroppedThing thing)
    {
        switch (thing.Kind)
        {
            case DroppedKind.Table when Overlay.Find(thing.Oid, _before) is { } known:
                End(known);
                if (_relations.Matches(known.Name)) _gone.Add(new SchemaChange.TableDropped(known));
                break;
            case DroppedKind.Type when Overlay.FindType(thing.Oid, _before) is not null:
                _gone.Add(new SchemaChange.TypeDropped(thing.Name));
                break;
            case DroppedKind.Schema when Overlay.HadSchema(thing.Name.Name, _before):
                _gone.Add(new SchemaChange.SchemaDropped(thing.Name.Name));
                break;
        }
    }

    TableSchema Begin(TableId id, CapturedTable table)
    {
        TableSchema version = table.ToSchema(id, new(0, _step));
        _relations.Begin(version);
        return version;
    }

    void End(TableSchema known) => _relations.Begin(known with { Since = new(0, _step), IsDropped = true });

    TableRewrite RewriteOf(uint oid) => _message.Rewrites.Where(rewritten => rewritten.Oid == oid)
        .Aggregate(TableRewrite.None, static (all, rewritten) => all | rewritten.Rewrite);

    // What tables need comes before them, and goes after them; a partition goes before what it is a part of.
    ImmutableArray<SchemaChange> InOrder() =>
    [
        .. RenamedSchemas(), .. _types, .. _tables,
        .. _gone.OfType<SchemaChange.TableDropped>().OrderByDescending(Depth),
        .. _gone.OfType<SchemaChange.TypeDropped>(), .. _gone.OfType<SchemaChange.SchemaDropped>(),
    ];

    IEnumerable<SchemaChange> RenamedSchemas() => _message.Tag != "ALTER SCHEMA" ? [] :
        _tables.OfType<SchemaChange.TableAltered>()
            .Select(static altered => (Before: altered.Before.Name.Schema, After: altered.After.Name.Schema))
            .Where(name => name.Before != name.After && _message.Schemas.Any(schema => schema.Name == name.After))
            .Distinct()
            .Select(static name => new SchemaChange.SchemaRenamed(name.Before, name.After));

    int Depth(SchemaChange.TableDropped dropped)
    {
        int depth = 0;
        TableName? parent = ParentOf(dropped.Before);
        // As many steps as there are tables, if names should ever form a circle.
        for (; parent is { } name && depth < _gone.Count; depth++)
        {
            SchemaChange.TableDropped? found =
                _gone.OfType<SchemaChange.TableDropped>().FirstOrDefault(gone => gone.Before.Name == name);
            parent = found is null ? null : ParentOf(found.Before);
        }
        return depth;
    }

    static TableName? ParentOf(TableSchema table) =>
        table.Definition?.PartitionOf ?? (table.Definition?.Inherits is { Count: > 0 } parents ? parents[0] : null);
}
