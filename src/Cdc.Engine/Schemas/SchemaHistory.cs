using Cdc.Engine.Ddl;
using Cdc.Protocol;

namespace Cdc.Engine.Schemas;

/// <summary>Every version of every table's shape that positions still in use refer to. State, not cache: it can't be
/// read again from the source, whose catalogs show only now.</summary>
/// <remarks>
/// One thread adds (the source's reader), another takes what is to be persisted; both may read. A version must be
/// durable before any checkpoint at or beyond its <see cref="TableSchema.Since"/> is. Adding the same version again
/// changes nothing. A dropped version ends its table; the server may give the number to another table then, which has
/// an id of its own here.
/// </remarks>
public sealed class SchemaHistory
{
    readonly Lock _gate = new();
    readonly Dictionary<TableId, List<TableSchema>> _versions = [];
    // Tables that had this number of the server's, one after the other.
    readonly Dictionary<uint, List<TableId>> _bySource = [];
    readonly List<TableSchema> _pending = [];
    long _lastId;

    public SchemaHistory(IEnumerable<TableSchema> persisted)
    {
        foreach (TableSchema version in persisted.OrderBy(static v => v.Since)) Insert(version);
    }

    /// <summary>An id that no table ever had.</summary>
    public TableId NextId()
    {
        lock (_gate) return new(++_lastId);
    }

    /// <summary>The version of the server's table <paramref name="sourceId"/> that holds at <paramref name="at"/>; null
    /// if there is none, or no longer.</summary>
    public TableSchema? Find(uint sourceId, CommitTs at)
    {
        lock (_gate)
        {
            if (!_bySource.TryGetValue(sourceId, out List<TableId>? ids)) return null;
            TableSchema? last = null;
            foreach (TableId id in ids)
            {
                TableSchema? version = VersionAt(_versions[id], at);
                if (version is not null && (last is null || version.Since >= last.Since)) last = version;
            }
            return Living(last);
        }
    }

    /// <summary>The version of table <paramref name="id"/> that holds at <paramref name="at"/>.</summary>
    public TableSchema? Find(TableId id, CommitTs at)
    {
        lock (_gate)
        {
            return _versions.TryGetValue(id, out List<TableSchema>? versions)
                ? Living(VersionAt(versions, at))
                : null;
        }
    }

    /// <summary>The version that the server's table <paramref name="sourceId"/> got at exactly
    /// <paramref name="since"/>, when the log was read before; null if it was not read that far.</summary>
    public TableSchema? FindExact(uint sourceId, CommitTs since)
    {
        lock (_gate)
        {
            return _bySource.TryGetValue(sourceId, out List<TableId>? ids)
                ? ids.Select(id => VersionAt(_versions[id], since)).FirstOrDefault(v => v?.Since == since)
                : null;
        }
    }

    /// <summary>The newest definition, at <paramref name="at"/>, of the type that the server numbers
    /// <paramref name="sourceId"/>: from the tables that use it, or did. Null if none ever did.</summary>
    public TypeDefinition? FindType(uint sourceId, CommitTs at)
    {
        lock (_gate)
        {
            return _versions.Values.SelectMany(versions => versions.Where(version => version.Since <= at))
                .OrderByDescending(static version => version.Since)
                .SelectMany(static version => version.Definition?.Types ?? [])
                .FirstOrDefault(type => type.SourceId == sourceId);
        }
    }

    /// <summary>Whether a table was ever in this schema, up to <paramref name="at"/>.</summary>
    public bool HadSchema(string name, CommitTs at)
    {
        lock (_gate)
        {
            return _versions.Values.Any(versions =>
                versions.Exists(version => version.Since <= at && version.Name.Schema == name));
        }
    }

    /// <summary>The versions of all tables that there are at <paramref name="at"/>, by id.</summary>
    public IReadOnlyList<TableSchema> At(CommitTs at)
    {
        lock (_gate)
        {
            return [.. _versions.Values.Select(versions => Living(VersionAt(versions, at))).OfType<TableSchema>()
                .OrderBy(static version => version.Id)];
        }
    }

    /// <summary>The newest version of each table that was not dropped.</summary>
    public IReadOnlyList<TableSchema> Latest() => At(CommitTs.End(ulong.MaxValue));

    public void Add(TableSchema version)
    {
        lock (_gate)
        {
            if (Insert(version)) _pending.Add(version);
        }
    }

    /// <summary>What was added and is not durable yet. It stays pending until <see cref="Persisted"/> names
    /// it.</summary>
    public IReadOnlyList<TableSchema> Pending()
    {
        lock (_gate) return [.. _pending];
    }

    public void Persisted(IReadOnlyList<TableSchema> versions)
    {
        lock (_gate) _pending.RemoveAll(versions.Contains);
    }

    bool Insert(TableSchema version)
    {
        Check.That(version.Id.Value > 0);
        if (!_versions.TryGetValue(version.Id, out List<TableSchema>? versions)) _versions[version.Id] = versions = [];
        int place = versions.FindLastIndex(v => v.Since <= version.Since) + 1;
        if (place > 0 && versions[place - 1].Since == version.Since) return false;
        versions.Insert(place, version);
        if (!_bySource.TryGetValue(version.SourceId, out List<TableId>? ids)) _bySource[version.SourceId] = ids = [];
        if (!ids.Contains(version.Id)) ids.Add(version.Id);
        _lastId = Math.Max(_lastId, version.Id.Value);
        return true;
    }

    static TableSchema? Living(TableSchema? version) => version is { IsDropped: false } ? version : null;

    static TableSchema? VersionAt(List<TableSchema> versions, CommitTs at)
    {
        int last = versions.FindLastIndex(v => v.Since <= at);
        return last < 0 ? null : versions[last];
    }
}
