using System.Globalization;
using Cdc.Engine.Failures;

namespace Cdc.Sinks.Files;

/// <summary>Turns what the operating system says into a failure of the one kind, with the room that is left.</summary>
internal static class StoreFailure
{
    const long Mebibyte = 1 << 20;

    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException;

    public static CdcException From(Exception exception, IFileStore store)
    {
        string room = store.FreeBytes is { } free
            ? string.Create(CultureInfo.InvariantCulture, $" ({free / Mebibyte} MiB free)")
            : "";
        return new(FailureKind.DiskFailed,
            $"Writing to {store.Place}{room} failed: {exception.Message}",
            "Make room or repair the disk, then start again: nothing that was acknowledged is lost.", exception);
    }
}
