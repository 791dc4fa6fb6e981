using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Cdc.Sinks.Stdout;

/// <summary>Opens the process's standard output so that a reader who goes away is noticed.</summary>
/// <remarks>The console's own stream answers a write to a closed pipe with success. We would acknowledge rows that
/// nobody got, so a redirected output is opened as what it is.</remarks>
internal static class StandardOutput
{
    const int UnixDescriptor = 1;
    const int WindowsNumber = -11;

    public static Stream Open()
    {
        if (!OperatingSystem.IsWindows()) return new DescriptorStream(UnixDescriptor);
        if (!Console.IsOutputRedirected) return Console.OpenStandardOutput();
        SafeFileHandle handle = new(GetStdHandle(WindowsNumber), ownsHandle: false);
        FileStream pipe = new(handle, FileAccess.Write, bufferSize: 0);
        // Of a file this one would keep a place of its own, and whoever writes next would overwrite our rows.
        return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
    }

#pragma warning disable SYSLIB1054 // The generated form needs a partial class, for nothing here.
    [DllImport("kernel32")]
    static extern nint GetStdHandle(int number);
#pragma warning restore SYSLIB1054
}
