using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Cdc.Testing;

/// <summary>POSIX signals, by the numbers that Linux and macOS share.</summary>
public enum Signal
{
    Hangup = 1,
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
}

/// <summary>The three calls of the C library that .NET lacks. Not for Windows.</summary>
static class Posix
{
    const int NoSuchProcess = 3;

    public static bool IsRoot => !OperatingSystem.IsWindows() && geteuid() == 0;

    /// <summary>Sends a signal; false when the process is gone already.</summary>
    public static bool TryKill(int processId, Signal signal)
    {
        if (processId <= 1) throw new ArgumentOutOfRangeException(nameof(processId), processId, "Not one process.");
        if (kill(processId, (int)signal) == 0) return true;
        int error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (chown(path, user, group) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [DllImport("libc")]
    static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    static extern int kill(int processId, int signal);

    [DllImport("libc", SetLastError = true)]
    static extern int chown(string path, uint user, uint group);
}
