using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Snapshot;

internal sealed partial class SnapshotOpener
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Count} tables were dropped before they could be copied; they are left out.")]
    static partial void LogGone(ILogger logger, int count);
}
