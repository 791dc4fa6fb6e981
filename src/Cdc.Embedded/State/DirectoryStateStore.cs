using System.Buffers;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.State;
using Cdc.Engine.Storage;
using Cdc.Protocol;

namespace Cdc.Embedded.State;

/// <summary>Keeps one changefeed's state in <c>&lt;root&gt;/&lt;name&gt;/</c> on a local disk.</summary>
/// <remarks>
/// <c>lock</c> is held while the store is open. <c>state.json</c> is replaced as a whole: written aside, flushed,
/// renamed, and the directory flushed. <c>schemas.ndjson</c> only grows; the record counts its lines, so that lost ones
/// are noticed. Schemas without a record, or with one that has no position yet, belong to a first start that never got
/// to its snapshot, and are forgotten.
/// </remarks>
public sealed class DirectoryStateStore : IStateStore
{
    readonly string _statePath;
    readonly string _schemasPath;
    readonly IStateFiles _files;
    readonly StateLock _lock;
    readonly List<TableSchema> _schemas = [];
    readonly HashSet<(TableId, CommitTs)> _known = [];
    readonly string _name;
    ChangefeedState? _state;
    long _schemasLength;
    bool _loaded;
    bool _outcomeUnknown;

    DirectoryStateStore(string directory, string name, IStateFiles files, StateLock @lock)
    {
        (DirectoryPath, _name, _files, _lock) = (directory, name, files, @lock);
        _statePath = Path.Combine(directory, "state.json");
        _schemasPath = Path.Combine(directory, "schemas.ndjson");
    }

    /// <summary>Where everything of the changefeed lies; its caches may lie there as well.</summary>
    public string DirectoryPath { get; }

    /// <summary>Makes the directory if it is absent, and takes its lock.</summary>
    /// <exception cref="CdcException">StateLocked, DiskFailed, or Usage for a name that breaks the rule.</exception>
    public static DirectoryStateStore Open(string root, string name) => Open(root, name, new DiskStateFiles());

    internal static DirectoryStateStore Open(string root, string name, IStateFiles files)
    {
        ChangefeedName.Verify(name);
        string directory = Path.Combine(Path.GetFullPath(root), name);
        try
        {
            PrivateFiles.CreateDirectory(root);
            PrivateFiles.CreateDirectory(directory);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, directory);
        }
        return new(directory, name, files, StateLock.Take(directory));
    }

    /// <summary>Whether a changefeed of this name was ever saved here. Takes no lock and reads nothing.</summary>
    public static bool Exists(string root, string name) => File.Exists(Path.Combine(root, name, "state.json"));

    /// <summary>Versions of tables as they are saved now, also while another process runs the changefeed; none before
    /// its first snapshot. Takes no lock.</summary>
    public static IReadOnlyList<TableSchema> ReadSchemas(string root, string name)
    {
        string path = Path.Combine(root, name, "schemas.ndjson");
        return ReadUnlocked(path, () => ReadBegun(root, name) is var (_, counted)
            ? SchemaLines.Read(new DiskStateFiles().Read(path) ?? [], counted, path).Versions
            : []);
    }

    /// <summary>Options of the last run, as they are saved now; null before the first one that came to its snapshot.
    /// Takes no lock.</summary>
    public static IReadOnlyDictionary<string, string>? ReadOptions(string root, string name) => ReadUnlocked(
        Path.Combine(root, name, "state.json"), () => ReadBegun(root, name)?.State.Options);

    // Before the schemas, of which a run that goes on beside us may append more, and never fewer.
    static (ChangefeedState State, int Schemas)? ReadBegun(string root, string name) =>
        new DiskStateFiles().Read(Path.Combine(root, name, "state.json")) is { } record
        && StateJson.TryRead(record, out ChangefeedState? state, out int schemas)
        && state!.FirstConsistent != CommitTs.Zero ? (state, schemas) : null;

    static T ReadUnlocked<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw StateUnusable.Damaged(path, $"can't be read: {exception.Message}");
        }
    }

    public ValueTask<ChangefeedState?> LoadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Load();
        return new(_state);
    }

    public ValueTask<IReadOnlyList<TableSchema>> LoadSchemasAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Load();
        return new([.. _schemas]);
    }

    public ValueTask<PersistOutcome> SaveAsync(ChangefeedState state, CancellationToken cancellationToken) =>
        new(Task.Run(() => Save(state), cancellationToken));

    public ValueTask AppendSchemasAsync(IReadOnlyList<TableSchema> versions, CancellationToken cancellationToken) =>
        new(Task.Run(() => Append(versions), cancellationToken));

    public ValueTask DisposeAsync()
    {
        _lock.Dispose();
        return default;
    }

    PersistOutcome Save(ChangefeedState state)
    {
        Check.That(state.Name == _name);
        Check.That(state.Format == ChangefeedState.CurrentFormat);
        Load();
        if (_outcomeUnknown) return PersistOutcome.Unknown;
        if (state.Revision != (_state?.Revision ?? 0) + 1) return PersistOutcome.Refused;
        string aside = _statePath + ".new";
        try
        {
            _files.Write(aside, StateJson.Write(state, _schemas.Count));
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, DirectoryPath);
        }
        try
        {
            _files.Rename(aside, _statePath);
            _files.FlushDirectory(DirectoryPath);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            // The new record may be there after a crash or not: only reading it again tells.
            _outcomeUnknown = true;
            return PersistOutcome.Unknown;
        }
        _state = state;
        return PersistOutcome.Persisted;
    }

    void Append(IReadOnlyList<TableSchema> versions)
    {
        Load();
        ArrayBufferWriter<byte> lines = new();
        HashSet<TableSchema> added = [];
        foreach (TableSchema version in versions)
        {
            if (_known.Contains((version.Id, version.Since)) || added.Contains(version)) continue;
            SchemaLines.Write(version, lines);
            added.Add(version);
        }
        if (added.Count == 0) return;
        try
        {
            bool isNew = _schemasLength == 0;
            // From the last length known to be whole: what a failed attempt left behind it is cut off.
            _files.Append(_schemasPath, _schemasLength, lines.WrittenSpan);
            if (isNew) _files.FlushDirectory(DirectoryPath);
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, DirectoryPath);
        }
        Remember(added);
        _schemasLength += lines.WrittenCount;
    }

    void Load()
    {
        if (_loaded) return;
        try
        {
            if (_files.Read(_statePath) is { } record) Load(record, _files.Read(_schemasPath) ?? []);
            _loaded = true;
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw StateUnusable.Damaged(_statePath, $"can't be read: {exception.Message}");
        }
    }

    void Load(byte[] record, byte[] lines)
    {
        if (StateJson.FormatOf(record) is { } format and > ChangefeedState.CurrentFormat)
            throw StateUnusable.Newer(_statePath, format, ChangefeedState.CurrentFormat);
        if (!StateJson.TryRead(record, out ChangefeedState? state, out int schemas))
            throw StateUnusable.Damaged(_statePath, "is cut short or was edited");
        if (state!.Name != _name)
            throw StateUnusable.Damaged(_statePath,
                $"is of the changefeed {state.Name}, and its directory has another name");

        (List<TableSchema> versions, long length) = SchemaLines.Read(lines, schemas, _schemasPath);
        _state = state;
        // Left by a start that crashed before it had a position: the next one begins anew and gives the numbers again.
        if (state.FirstConsistent == CommitTs.Zero) return;
        Remember(versions);
        _schemasLength = length;
    }

    void Remember(IReadOnlyCollection<TableSchema> versions)
    {
        _schemas.AddRange(versions);
        foreach (TableSchema version in versions) _known.Add((version.Id, version.Since));
    }
}
