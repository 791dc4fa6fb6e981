using Cdc.Protocol;

namespace Cdc.Engine.Schemas;

/// <summary>Every version of every table's shape that positions still in use refer to. State, not cache: it can't be
/// read again from the source, whose catalogs show only now.</summary>
/// <remarks>
/// One thread adds (the source's reader), another takes what is to be persisted; both may read. A version must be
/// durable before any checkpoint at or beyond its <see cref="TableSchema.Since"/> is. Adding the same version again
/// changes nothing.
/// </remarks>
public sealed class SchemaHistory
{
    readonly Lock _gate = new();
    readonly Dictionary<TableId, List<TableSchema>> _versions = [];
    readonly Dictionary<uint, TableId> _bySource = [];
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

    /// <summary>The version of the server's table <paramref name="sourceId"/> that holds at
    /// <paramref name="at"/>.</summary>
    public TableSchema? Find(uint sourceId, CommitTs at)
    {
        lock (_gate)
        {
            return _bySource.TryGetValue(sourceId, out TableId id) ? VersionAt(_versions[id], at) : null;
        }
    }

    /// <summary>The version of table <paramref name="id"/> that holds at <paramref name="at"/>.</summary>
    public TableSchema? Find(TableId id, CommitTs at)
    {
        lock (_gate) return _versions.TryGetValue(id, out List<TableSchema>? versions) ? VersionAt(versions, at) : null;
    }

    /// <summary>The newest version of each table.</summary>
    public IReadOnlyList<TableSchema> Latest()
    {
        lock (_gate) return [.. _versions.Values.Select(static v => v[^1]).OrderBy(static v => v.Id)];
    }

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
        _bySource[version.SourceId] = version.Id;
        _lastId = Math.Max(_lastId, version.Id.Value);
        return true;
    }

    static TableSchema? VersionAt(List<TableSchema> versions, CommitTs at)
    {
        int last = versions.FindLastIndex(v => v.Since <= at);
        return last < 0 ? null : versions[last];
    }
}
