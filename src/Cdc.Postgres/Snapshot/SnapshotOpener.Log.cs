using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Snapshot;

internal sealed partial class SnapshotOpener
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Count} tables were dropped before they could be copied; they are left out.")]
    static partial void LogGone(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The catalogs changed while the snapshot was opened ({Reason}); a newer one is taken.")]
    static partial void LogMoved(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The catalogs change all the time ({What}); names in definitions may be newer than the snapshot.")]
    static partial void LogMixed(ILogger logger, string what);
}
