using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

internal sealed partial class SparePublications
{
    [LoggerMessage(Level = LogLevel.Information,
        Message = "Spare publications are in use now: several migrations may make tables at once.")]
    static partial void LogOpened(ILogger logger);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The spare publications could not be looked at: {Reason}")]
    static partial void LogFailed(ILogger logger, string reason);
}
