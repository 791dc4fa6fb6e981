using Cdc.Engine.Schemas;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres;

public sealed partial class PostgresSource
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    static partial void LogWarning(ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Warning,
        Message =
            "The server did not show the last confirmation of slot {Slot} in time; it will come with the next run.")]
    static partial void LogUnconfirmed(ILogger logger, string slot);

    [LoggerMessage(Level = LogLevel.Warning,
        Message =
            "The event triggers were not all there, or off. They are now; schema changes made meanwhile that no row shows "
            + "are missing in the target.")]
    static partial void LogWasBroken(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning,
        Message =
            "Table {Table} was not published before: its changes are captured from now on, and the rows that it has "
            + "already are not copied. A new changefeed copies them.")]
    static partial void LogAdded(ILogger logger, TableName table);
}
