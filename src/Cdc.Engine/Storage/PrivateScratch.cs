namespace Cdc.Engine.Storage;

/// <summary>A directory for what need not outlive the process, among those of other processes.</summary>
/// <remarks>It holds a locked file as long as its process lives: what a dead one left is known by a lock that can be
/// taken, also where process ids mean nothing, as between containers.</remarks>
public sealed class PrivateScratch : IDisposable
{
    const string LockName = "lock";
    const string Held = "*.segment";

    readonly FileStream _lock;

    PrivateScratch(FileStream @lock) => _lock = @lock;

    /// <summary>Makes the directory and takes its lock. Null where that can't be: whoever comes to need the room will
    /// say so, and most never do.</summary>
    /// <param name="path">Of a name that no other process chooses.</param>
    public static PrivateScratch? TryCreate(string path)
    {
        try
        {
            PrivateFiles.CreateDirectory(path);
            return new(Lock(path, FileMode.CreateNew));
        }
        catch (Exception exception) when (Failures.DiskFailure.Is(exception))
        {
            return null;
        }
    }

    /// <summary>Removes the directories of this kind whose processes are dead. What can't be removed now
    /// stays.</summary>
    /// <param name="pattern">Their names, as in <see cref="Directory.EnumerateDirectories(string, string)"/>.</param>
    public static void RemoveDead(string parent, string pattern)
    {
        try
        {
            foreach (string directory in Directory.GetDirectories(parent, pattern)) TryRemove(directory);
        }
        catch (Exception exception) when (Failures.DiskFailure.Is(exception))
        {
            // Nobody depends on it.
        }
    }

    public void Dispose()
    {
        string directory = Path.GetDirectoryName(_lock.Name)!;
        try
        {
            Remove(directory, _lock);
        }
        catch (Exception exception) when (Failures.DiskFailure.Is(exception))
        {
            // The next start removes it.
        }
    }

    static void TryRemove(string directory)
    {
        try
        {
            // A link leads to what somebody else owns.
            if (new DirectoryInfo(directory).LinkTarget is not null) return;
            Remove(directory, Lock(directory, FileMode.Open));
        }
        catch (Exception exception) when (Failures.DiskFailure.Is(exception))
        {
            // Its process lives, has not locked it yet, or it is another user's.
        }
    }

    // The lock is held until nothing but it is left. Nothing that is not ours is deleted.
    static void Remove(string directory, FileStream @lock)
    {
        using (@lock)
        {
            foreach (string file in Directory.GetFiles(directory, Held)) File.Delete(file);
            if (!OperatingSystem.IsWindows()) File.Delete(@lock.Name);
        }
        if (OperatingSystem.IsWindows()) File.Delete(@lock.Name);
        Directory.Delete(directory);
    }

    static FileStream Lock(string directory, FileMode mode) =>
        PrivateFiles.Open(Path.Combine(directory, LockName), mode, FileAccess.ReadWrite, FileShare.None);
}
