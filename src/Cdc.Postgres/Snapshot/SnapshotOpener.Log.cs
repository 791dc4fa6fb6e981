using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Snapshot;

internal sealed partial class SnapshotOpener
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Count} tables were dropped before they could be copied; they are left out.")]
    static partial void LogGone(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Something was dropped while the snapshot was opened ({Reason}); a newer one is taken.")]
    static partial void LogMoved(ILogger logger, string reason);
}
