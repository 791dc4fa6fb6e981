using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

internal sealed partial class SlotCreator
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Slot {Slot} can't be made before {Blocker} ends; waiting.")]
    static partial void LogWaiting(ILogger logger, string slot, string blocker);
}
