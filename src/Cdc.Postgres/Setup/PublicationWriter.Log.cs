using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

internal sealed partial class PublicationWriter
{
    [LoggerMessage(Level = LogLevel.Information,
        Message = "{What} is locked by VACUUM or DDL; publishing waits (attempt {Attempt}).")]
    static partial void LogLocked(ILogger logger, string what, int attempt);
}
