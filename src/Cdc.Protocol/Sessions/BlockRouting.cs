namespace Cdc.Protocol.Sessions;

/// <summary>Which sessions get a block event.</summary>
internal static class BlockRouting
{
    /// <summary>A session gets what stops its span; the table trigger, what names table 0 or stops a whole schema or
    /// everything; the span of all tables, everything.</summary>
    public static bool Concerns(IEventLog log, LogBlock block, TableSpan span)
    {
        if (span.Table == TableId.Every) return true;
        return block.Payload.Influence switch
        {
            Influence.Normal normal => normal.Tables.Contains(span.Table),
            Influence.Database database => span.Table == TableId.Trigger
                || log.SchemaOf(span.Table, block.Event.At.Previous) == database.Schema,
            Influence.All => true,
            _ => throw new InvalidOperationException("An influence of no known kind."),
        };
    }
}
