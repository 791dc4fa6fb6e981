using System.Collections.Concurrent;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Keeps every schema version whose rows the index names, a file each, for a lost state directory.</summary>
internal sealed class SchemaFiles(IFileStore store, SchemaFormat format)
{
    readonly ConcurrentDictionary<(TableId, CommitTs), bool> _durable = [];
    readonly ConcurrentQueue<TableSchema> _pending = [];
    readonly SemaphoreSlim _turn = new(1);

    public async ValueTask<IReadOnlyList<TableSchema>> LoadAsync(CancellationToken cancellationToken)
    {
        List<TableSchema> versions = [];
        foreach (string name in await store.ListAsync(Layout.Schemas, cancellationToken).ConfigureAwait(false))
        {
            if (name.EndsWith(Layout.Temporary, StringComparison.Ordinal)) continue;
            string path = $"{Layout.Schemas}/{name}";
            if (await store.ReadAsync(path, cancellationToken).ConfigureAwait(false) is not { } content) continue;
            TableSchema version = format.Read(path, content);
            _durable[(version.Id, version.Since)] = true;
            versions.Add(version);
        }
        versions.Sort(static (left, right) =>
            left.Id.CompareTo(right.Id) is var byId and not 0 ? byId : left.Since.CompareTo(right.Since));
        return versions;
    }

    /// <summary>Rows of this version follow. Cheap for one that is known.</summary>
    public void Note(TableSchema version)
    {
        if (version.Id.Value > 0 && _durable.TryAdd((version.Id, version.Since), true)) _pending.Enqueue(version);
    }

    /// <summary>Completes when every version noted before the call is durable.</summary>
    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        if (_pending.IsEmpty && _turn.CurrentCount == 1) return;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (_pending.TryPeek(out TableSchema? version))
            {
                byte[] content = format.Write(version);
                await store.PutAsync(Layout.Schema(version), content, cancellationToken).ConfigureAwait(false);
                _pending.TryDequeue(out _);
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
