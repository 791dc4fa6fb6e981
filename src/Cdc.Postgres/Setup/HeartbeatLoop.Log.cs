using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

internal sealed partial class HeartbeatLoop
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "The idle log could not be marked: {Reason}")]
    static partial void LogFailed(ILogger logger, string reason);
}
