using Cdc.Engine.Schemas;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

internal sealed partial class NewTableWatch
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message =
            "Table {Table} is new and matches, but is not captured: a new table takes a new start of the changefeed.")]
    static partial void LogNew(ILogger logger, TableName table);
}
