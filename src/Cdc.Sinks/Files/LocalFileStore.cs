using Cdc.Engine.Failures;
using Cdc.Engine.Storage;

namespace Cdc.Sinks.Files;

/// <summary>A directory. What is under way ends in <c>.tmp</c>.</summary>
internal sealed class LocalFileStore : IFileStore
{
    readonly string _root;

    public LocalFileStore(string directory)
    {
        _root = Path.GetFullPath(directory);
        Place = $"the directory '{directory}'";
    }

    public string Place { get; }

    public long? FreeBytes
    {
        get
        {
            try
            {
                return new DriveInfo(NearestExisting()).AvailableFreeSpace;
            }
            catch (Exception e) when (DiskFailure.Is(e) || e is ArgumentException)
            {
                return null;
            }
        }
    }

    public ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (string folder in (string[])["", Layout.Data, Layout.Index, Layout.Schemas])
        {
            string path = Path.Combine(_root, folder);
            if (Directory.Exists(path)) continue;
            PrivateFiles.CreateDirectory(path);
            if (Path.GetDirectoryName(path) is { } parent) PrivateFiles.FlushDirectory(parent);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ProbeAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(_root)) throw new IOException("It is a file.");
        string probe = Path.Combine(NearestExisting(), $"{Layout.Probe}{Guid.NewGuid():N}{Layout.Temporary}");
        using FileStream file = new(probe, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose,
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        DirectoryInfo directory = new(Path.Combine(_root, folder));
        List<string> names = [];
        if (directory.Exists)
        {
            foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos()) names.Add(entry.Name);
        }
        return new((IReadOnlyList<string>)names);
    }

    public ValueTask<byte[]?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return new(File.ReadAllBytes(PathOf(name)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new((byte[]?)null);
        }
    }

    public ValueTask<IDataWriter> CreateAsync(string name, CancellationToken cancellationToken) =>
        new(new LocalDataWriter(PathOf(name)));

    public ValueTask<bool> PutIfAbsentAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        string temporary = WriteTemporary(path, content.Span);
        bool made = false;
        try
        {
            made = NativeFiles.MoveIfAbsent(temporary, path);
        }
        finally
        {
            if (!made) File.Delete(temporary);
        }
        if (made) PrivateFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        return new(made);
    }

    public ValueTask PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        string temporary = WriteTemporary(path, content.Span);
        File.Move(temporary, path, overwrite: true);
        PrivateFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        return ValueTask.CompletedTask;
    }

    public ValueTask DeleteAsync(string name, CancellationToken cancellationToken)
    {
        File.Delete(PathOf(name));
        return ValueTask.CompletedTask;
    }

    internal static FileStream OpenNew(string path) =>
        PrivateFiles.Open(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);

    static string WriteTemporary(string path, ReadOnlySpan<byte> content)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}{Layout.Temporary}";
        using FileStream file = OpenNew(temporary);
        try
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
            return temporary;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    string PathOf(string name) => Path.Combine(_root, name);

    string NearestExisting()
    {
        string path = _root;
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent) path = parent;
        return path;
    }
}

/// <summary>One data file of a directory.</summary>
internal sealed class LocalDataWriter : IDataWriter
{
    readonly string _path;
    readonly string _temporary;
    readonly FileStream _file;
    bool _completed;

    public LocalDataWriter(string path)
    {
        (_path, _temporary) = (path, path + Layout.Temporary);
        _file = LocalFileStore.OpenNew(_temporary);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _file.Write(bytes.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        if (!NativeFiles.MoveIfAbsent(_temporary, _path)) throw new IOException($"'{_path}' exists already.");
        _completed = true;
        PrivateFiles.FlushDirectory(Path.GetDirectoryName(_path)!);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        if (!_completed) File.Delete(_temporary);
        return ValueTask.CompletedTask;
    }
}
