using System.Globalization;

namespace Cdc.Engine.Failures;

/// <summary>Turns what the operating system says of a file into a failure of the one kind, with the way out.</summary>
public static class DiskFailure
{
    /// <summary>Whether <paramref name="exception"/> comes from the file system.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>A write or read failed.</summary>
    /// <param name="place">The directory, or what else a sentence calls the place.</param>
    /// <param name="free">Bytes that still fit there, where that is known.</param>
    public static CdcException From(Exception exception, string place, long? free = null)
    {
        string room = free is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $" ({bytes >> 20} MiB free)")
            : "";
        (string sentence, string fix) = exception switch
        {
            UnauthorizedAccessException => ($"This user can't write to {place}.",
                "Give this user the right to write there, or name another place."),
            _ when IsFull(exception) => ($"The disk that holds {place} is full{room}.",
                "Make room on it, then start again: nothing that was acknowledged is lost."),
            _ => ($"The disk that holds {place} failed{room}: {exception.Message}",
                "Check the disk, then start again: nothing that was acknowledged is lost."),
        };
        return new(FailureKind.DiskFailed, sentence, fix, exception);
    }

    // ENOSPC and EDQUOT (Linux, macOS); ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    static bool IsFull(Exception exception) =>
        OperatingSystem.IsWindows()
            ? exception.HResult is unchecked((int)0x80070070) or unchecked((int)0x80070027)
            : exception.HResult is 28 || exception.HResult == (OperatingSystem.IsLinux() ? 122 : 69);
}
