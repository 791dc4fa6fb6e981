using System.Runtime.InteropServices;
using System.Text;

namespace Cdc.Sinks.Files;

/// <summary>The one thing a directory with several owners needs that .NET does not offer.</summary>
internal static class NativeFiles
{
    const int OperationNotPermitted = 1;
    const int FileExists = 17;

    /// <summary>Gives a file its final name, unless the name is taken: then false, and nothing is changed.</summary>
    /// <remarks>
    /// File.Move looks first and renames then, and a rename replaces: two owners could both win. A hard link does not
    /// replace. A file system without links (FAT, some network mounts) gets the look and rename; two owners that meet
    /// there within that instant are not told apart.
    /// </remarks>
    public static bool MoveIfAbsent(string from, string to)
    {
        if (OperatingSystem.IsWindows()) return MoveLooking(from, to);
        if (link(Utf8(from), Utf8(to)) == 0)
        {
            File.Delete(from);
            return true;
        }
        int error = Marshal.GetLastPInvokeError();
        if (error == FileExists) return false;
        if (error == OperationNotPermitted || IsUnsupported(error)) return MoveLooking(from, to);
        throw new IOException($"'{to}': {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    static bool MoveLooking(string from, string to)
    {
        if (File.Exists(to)) return false;
        try
        {
            File.Move(from, to, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(to) && File.Exists(from))
        {
            return false;
        }
    }

    // ENOSYS and EOPNOTSUPP: Linux, then macOS.
    static bool IsUnsupported(int error) => OperatingSystem.IsLinux() ? error is 38 or 95 : error is 78 or 45 or 102;

    static byte[] Utf8(string path) => Encoding.UTF8.GetBytes(path + '\0');

#pragma warning disable SYSLIB1054 // The generated form needs unsafe code, for nothing here.
    [DllImport("libc", SetLastError = true)]
    static extern int link(byte[] from, byte[] to);
#pragma warning restore SYSLIB1054
}
