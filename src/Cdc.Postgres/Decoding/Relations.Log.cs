using Cdc.Engine.Schemas;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Decoding;

internal sealed partial class Relations
{
    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Table {Before} is now {Name}, which no pattern of --tables matches: its changes are left out from here on. "
        + "Add the new name to --tables to have them again")]
    static partial void LogRenamedOut(ILogger logger, TableName before, TableName name);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Table {Before} is now {Name}, which --tables matches: its changes are carried from here on, "
        + "what it held before is not")]
    static partial void LogRenamedIn(ILogger logger, TableName before, TableName name);
}
