using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Cdc.Engine.Storage;

/// <summary>Directories and files that only their owner may read, and the durability of a directory's
/// entries.</summary>
public static class PrivateFiles
{
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Opens an unbuffered file; one that is created belongs to its owner alone.</summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        FileStreamOptions options = new() { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new(path, options);
    }

    /// <summary>Makes the names in a directory durable: files created, renamed or deleted there.</summary>
    /// <exception cref="IOException">The directory can't be opened or flushed.</exception>
    public static void FlushDirectory(string path)
    {
        // Windows keeps names durable by itself and does not open directories as files.
        if (OperatingSystem.IsWindows()) return;
        using SafeFileHandle handle = OpenWithoutLock(path);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>The beginning of a file that another process may hold exclusively.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static byte[] ReadHeld(string path, int bytesMax)
    {
        // The platform's own open asks for a shared lock on Unix, which the holder's exclusive one refuses.
        using SafeFileHandle handle = OperatingSystem.IsWindows()
            ? File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete)
            : OpenWithoutLock(path);
        byte[] bytes = new byte[bytesMax];
        int read = RandomAccess.Read(handle, bytes, 0);
        return bytes[..read];
    }

    static SafeFileHandle OpenWithoutLock(string path)
    {
        int descriptor = open(Encoding.UTF8.GetBytes(path + '\0'), CloseOnExec);
        int error = Marshal.GetLastPInvokeError();
        if (descriptor < 0) throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        return new(descriptor, ownsHandle: true);
    }

    // O_RDONLY is 0 everywhere; O_CLOEXEC is not the same number everywhere.
    static int CloseOnExec => OperatingSystem.IsLinux() ? 0x80000 : 0x1000000;

    [DllImport("libc", SetLastError = true)]
    static extern int open(byte[] path, int flags);
}
