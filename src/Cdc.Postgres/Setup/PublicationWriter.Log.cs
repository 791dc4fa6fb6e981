using Cdc.Engine.Schemas;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

internal sealed partial class PublicationWriter
{
    [LoggerMessage(Level = LogLevel.Information,
        Message = "Table {Table} is locked by VACUUM or DDL; publishing it waits (attempt {Attempt}).")]
    static partial void LogLocked(ILogger logger, TableName table, int attempt);
}
