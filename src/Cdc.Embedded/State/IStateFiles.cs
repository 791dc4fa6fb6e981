using Cdc.Engine.Storage;

namespace Cdc.Embedded.State;

/// <summary>What the state needs of a file system. Each call but <see cref="Read"/> is a step between which a machine
/// may crash; all throw what the file system throws.</summary>
interface IStateFiles
{
    /// <summary>The whole file, or null if there is none.</summary>
    byte[]? Read(string path);

    /// <summary>Makes or replaces a file; its bytes are durable when this returns, its name is not.</summary>
    void Write(string path, ReadOnlySpan<byte> bytes);

    /// <summary>Replaces <paramref name="to"/>; a reader sees either file whole.</summary>
    void Rename(string from, string to);

    /// <summary>Makes the names in a directory durable.</summary>
    void FlushDirectory(string path);

    /// <summary>Cuts the file, made if absent, at <paramref name="at"/>, appends, and makes the bytes
    /// durable.</summary>
    void Append(string path, long at, ReadOnlySpan<byte> bytes);
}

/// <summary>The file system itself.</summary>
sealed class DiskStateFiles : IStateFiles
{
    public byte[]? Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : null;

    public void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = PrivateFiles.Open(path, FileMode.Create, FileAccess.Write, FileShare.None);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void FlushDirectory(string path) => PrivateFiles.FlushDirectory(path);

    public void Append(string path, long at, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        file.SetLength(at);
        file.Position = at;
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }
}
