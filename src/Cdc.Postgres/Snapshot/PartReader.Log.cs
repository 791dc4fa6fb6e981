using Cdc.Engine.Schemas;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Snapshot;

internal sealed partial class PartReader
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Table {Table} is locked by somebody's DDL; its copy waits for the lock.")]
    static partial void LogLocked(ILogger logger, TableName table);
}
