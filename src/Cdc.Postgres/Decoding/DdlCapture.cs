namespace Cdc.Postgres.Decoding;

/// <summary>How schema changes are learned of.</summary>
internal enum DdlCapture
{
    /// <summary>From the messages of our event triggers: each statement, where it stands.</summary>
    Trigger,
    /// <summary>From the RELATION messages that come with a table's next row: columns and names only, and no new
    /// tables.</summary>
    Relation,
    /// <summary>Not at all: a changed shape ends the stream.</summary>
    Off,
}
