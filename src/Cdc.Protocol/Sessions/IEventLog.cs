namespace Cdc.Protocol.Sessions;

/// <summary>What an event service reads: the committed steps of the source, in order, between what was forgotten and
/// what has been received.</summary>
/// <remarks>Every read answers at once, from what is there; the same read gives the same answer as long as nothing of
/// it is forgotten. Called on the thread of the service only.</remarks>
public interface IEventLog
{
    /// <summary>What lies behind it is there; of what lies at or before it something may be gone. Never goes
    /// back.</summary>
    CommitTs Forgotten { get; }

    /// <summary>What lies at or before it and is not here is lost for ever: when the log began, the source had nothing
    /// before it any more, and the changefeed's persisted checkpoint was before it, and still is.
    /// <see cref="CommitTs.Zero"/>: nothing is, or nobody needs it any more.</summary>
    CommitTs LostUpTo { get; }

    /// <summary>The next piece of rows in the span.</summary>
    /// <param name="span">Of <see cref="TableId.Every"/>: the rows of all tables.</param>
    /// <param name="after">The step before.</param>
    /// <param name="offset">0, or what the piece before of the same step gave as
    /// <see cref="LogRows.NextOffset"/>.</param>
    /// <param name="upTo">No further than this step.</param>
    /// <param name="maxBytes">How large the piece may be, unless it is one single row.</param>
    /// <returns>Null: there are none.</returns>
    LogRows? NextRows(TableSpan span, CommitTs after, long offset, CommitTs upTo, int maxBytes);

    /// <summary>The next DDL or syncpoint of the source behind a position, whomever it stops.</summary>
    LogBlock? NextBlock(CommitTs after, CommitTs upTo);

    /// <summary>The schema that a table is in at a position; null: it is not there.</summary>
    string? SchemaOf(TableId table, CommitTs at);
}

/// <param name="At">The step.</param>
/// <param name="NextOffset">Where the step goes on; of no meaning behind its last piece.</param>
/// <param name="IsLast">Whether the step has no more rows of the span.</param>
/// <param name="Payload">The rows. Not changed as long as anybody holds it.</param>
public readonly record struct LogRows(CommitTs At, long NextOffset, bool IsLast, ReadOnlyMemory<byte> Payload);

/// <summary>A DDL or a syncpoint in the log.</summary>
public readonly record struct LogBlock(BlockEventId Event, BlockPayload Payload);
