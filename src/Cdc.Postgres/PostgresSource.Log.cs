using Microsoft.Extensions.Logging;

namespace Cdc.Postgres;

public sealed partial class PostgresSource
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    static partial void LogWarning(ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The server did not show the last confirmation of slot {Slot} in time; it will come with the next run.")]
    static partial void LogUnconfirmed(ILogger logger, string slot);
}
