using System.Collections.Immutable;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>The list of everything that exists in the directory. Append-only, one file per entry, from 1.</summary>
/// <remarks>An entry is made only if its number is free. That is the fence: of two owners one finds its number taken.
/// Appending may be called concurrently; the entries then come one after the other.</remarks>
internal sealed class FileIndex
{
    readonly IFileStore _store;
    readonly FileSinkOptions _options;
    readonly SemaphoreSlim _turn = new(1);
    readonly HashSet<string> _named = new(StringComparer.Ordinal);
    ImmutableSortedDictionary<TableId, CommitTs> _copied = ImmutableSortedDictionary<TableId, CommitTs>.Empty;
    string _writer = "";
    Owner _owner;

    // Of older generations everything was cleaned up after, and their entries were not read.
    long _firstUncleaned = 1;

    FileIndex(IFileStore store, FileSinkOptions options) => (_store, _options) = (store, options);

    /// <summary>Number of the newest entry; 0 without.</summary>
    public long Last { get; private set; }

    /// <summary>The largest owner that ever sealed.</summary>
    public Owner Owner => _owner;

    /// <summary>The number of the newest seal.</summary>
    public long Generation { get; private set; }

    public CommitTs Position { get; private set; }

    public ImmutableSortedDictionary<TableId, CommitTs> Copied => _copied;

    /// <summary>Reads what is there, from a seal on that is known to have been cleaned up after.</summary>
    public static async ValueTask<FileIndex> LoadAsync(
        IFileStore store, FileSinkOptions options, CancellationToken cancellationToken)
    {
        FileIndex index = new(store, options);
        List<long> numbers = [];
        foreach (string name in await store.ListAsync(Layout.Index, cancellationToken).ConfigureAwait(false))
        {
            if (Layout.TryEntry(name, out long number)) numbers.Add(number);
        }
        numbers.Sort();
        Stack<IndexEntry> entries = await index.ReadBackAsync(numbers, cancellationToken).ConfigureAwait(false);
        foreach (IndexEntry entry in entries) index.Take(entry);
        await index.TakeIdleAsync(cancellationToken).ConfigureAwait(false);
        return index;
    }

    /// <summary>Shuts every smaller owner out.</summary>
    public async ValueTask SealAsync(Owner owner, CancellationToken cancellationToken)
    {
        if (owner < _owner) throw Fenced(_owner);
        (_writer, Owner before, _owner) = (Guid.NewGuid().ToString("N"), _owner, owner);
        IndexEntry seal = Next(EntryKind.Seal) with { Copied = _copied };
        if (!await TryPutAsync(seal, cancellationToken).ConfigureAwait(false))
        {
            _owner = before;
            throw await FencedByAsync(seal.Number, cancellationToken).ConfigureAwait(false);
        }
        Take(seal);
    }

    /// <summary>Deletes what a crash left: files under way, and data files that no entry names. Only after the seal, so
    /// that nobody deletes what another is about to name.</summary>
    public async ValueTask CleanAsync(CancellationToken cancellationToken)
    {
        foreach (string folder in (string[])["", Layout.Data, Layout.Index, Layout.Schemas])
        {
            string prefix = folder.Length == 0 ? "" : folder + "/";
            foreach (string name in await _store.ListAsync(folder, cancellationToken).ConfigureAwait(false))
            {
                bool isUnnamed = folder == Layout.Data && Layout.Generation(name) >= _firstUncleaned
                    && !_named.Contains(prefix + name);
                if (isUnnamed || name.EndsWith(Layout.Temporary, StringComparison.Ordinal))
                    await _store.DeleteAsync(prefix + name, cancellationToken).ConfigureAwait(false);
            }
        }
        _named.Clear();
        _named.TrimExcess();
    }

    /// <summary>Names files of the stream; everything up to <paramref name="position"/> is in them or before.</summary>
    public ValueTask AppendStreamAsync(
        ImmutableArray<NamedFile> files, CommitTs position, CancellationToken cancellationToken)
    {
        Check.That(files.IsEmpty || files[^1].Last <= position);
        return AppendAsync(() => Next(EntryKind.Stream) with { Files = files, Position = position }, cancellationToken);
    }

    /// <summary>Names the copy of one table.</summary>
    public ValueTask AppendSnapshotAsync(
        CopiedTable table, ImmutableArray<NamedFile> files, CancellationToken cancellationToken) =>
        AppendAsync(() => Next(EntryKind.Snapshot) with { Files = files, Table = table }, cancellationToken);

    /// <summary>Notes how far an idle stream is, for a lost state directory. Never goes back.</summary>
    public async ValueTask SaveIdleAsync(CommitTs position, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (position <= Position) return;
            byte[] content = IndexJson.Write(new IdlePosition(Generation, position));
            await _store.PutAsync(Layout.Position, content, cancellationToken).ConfigureAwait(false);
            Position = position;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether the next number is taken by another owner: then that is why our files are gone.</summary>
    public async ValueTask<CdcException?> FindFenceAsync()
    {
        string next = Layout.Entry(Last + 1);
        if (await _store.ReadAsync(next, CancellationToken.None).ConfigureAwait(false) is not { } content) return null;
        IndexEntry entry = IndexJson.ReadEntry(next, content);
        return entry.Writer == _writer ? null : Fenced(entry.Owner);
    }

    async ValueTask AppendAsync(Func<IndexEntry> next, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            IndexEntry entry = next();
            Check.That(entry.Position >= Position);
            if (!await TryPutAsync(entry, cancellationToken).ConfigureAwait(false))
                throw await FencedByAsync(entry.Number, cancellationToken).ConfigureAwait(false);
            Take(entry);
            _named.Clear();
        }
        finally
        {
            _turn.Release();
        }
    }

    // A network file system may repeat a request whose answer it lost and then find the name taken, by ourselves.
    async ValueTask<bool> TryPutAsync(IndexEntry entry, CancellationToken cancellationToken)
    {
        string name = Layout.Entry(entry.Number);
        byte[] content = IndexJson.Write(entry);
        if (await _store.PutIfAbsentAsync(name, content, cancellationToken).ConfigureAwait(false)) return true;
        byte[]? found = await _store.ReadAsync(name, cancellationToken).ConfigureAwait(false);
        return found is not null && found.AsSpan().SequenceEqual(content);
    }

    async ValueTask<CdcException> FencedByAsync(long number, CancellationToken cancellationToken)
    {
        string name = Layout.Entry(number);
        byte[]? content = await _store.ReadAsync(name, cancellationToken).ConfigureAwait(false);
        return Fenced(content is null ? _owner : IndexJson.ReadEntry(name, content).Owner);
    }

    CdcException Fenced(Owner other) => new(FailureKind.SinkFenced,
        $"Another process, owner {other}, writes to {_store.Place} now.",
        "Stop one of the two, or give each its own directory.");

    IndexEntry Next(EntryKind kind) => new()
    {
        Number = Last + 1,
        Kind = kind,
        Owner = _owner,
        Writer = _writer,
        Time = _options.Clock.GetUtcNow(),
        Position = Position,
    };

    void Take(IndexEntry entry)
    {
        (Last, _owner) = (entry.Number, entry.Owner > _owner ? entry.Owner : _owner);
        Position = CommitTs.Max(Position, entry.Position);
        if (entry.Kind == EntryKind.Seal) (Generation, _copied) = (entry.Number, entry.Copied);
        if (entry.Table is { } table) _copied = _copied.SetItem(table.Id, table.At);
        foreach (NamedFile file in entry.Files) _named.Add(file.Name);
    }

    // An owner cleans up right after its seal and writes its first entry later. So a seal that one of its own entries
    // follows was cleaned up after, and it repeats what was copied before: nothing older is needed.
    async ValueTask<Stack<IndexEntry>> ReadBackAsync(List<long> numbers, CancellationToken cancellationToken)
    {
        Stack<IndexEntry> entries = [];
        bool foundClean = false;
        long next = numbers.Count > 0 ? numbers[^1] : 0;
        for (; next > 0 && (!foundClean || entries.Count < _options.IndexReadMin); next--)
        {
            string name = Layout.Entry(next);
            byte[]? content = await _store.ReadAsync(name, cancellationToken).ConfigureAwait(false);
            if (content is null && foundClean) break;
            if (content is null) throw Missing(name);
            IndexEntry entry = IndexJson.ReadEntry(name, content);
            bool isClean = entry.Kind == EntryKind.Seal
                && entries.TryPeek(out IndexEntry? following) && following.Kind != EntryKind.Seal;
            if (isClean) _firstUncleaned = entry.Number;
            foundClean |= isClean;
            entries.Push(entry);
        }
        if (next == 0) _firstUncleaned = 1;
        // Without its index nobody can tell which data files exist, and cleaning up would delete them all.
        bool isLost = numbers.Count == 0
            && (await _store.ListAsync(Layout.Data, cancellationToken).ConfigureAwait(false)).Count > 0;
        return isLost ? throw Missing(Layout.Entry(1)) : entries;
    }

    CdcException Missing(string name) => new(FailureKind.SinkUnfit,
        $"The target's file '{name}' is missing in {_store.Place}.",
        "Restore the file, or start over into another directory.");

    async ValueTask TakeIdleAsync(CancellationToken cancellationToken)
    {
        byte[]? content = await _store.ReadAsync(Layout.Position, cancellationToken).ConfigureAwait(false);
        if (content is null) return;
        IdlePosition idle = IndexJson.ReadIdle(Layout.Position, content);
        if (idle.Seal == Generation) Position = CommitTs.Max(Position, idle.Position);
    }
}
