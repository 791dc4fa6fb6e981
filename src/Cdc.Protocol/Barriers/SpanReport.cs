namespace Cdc.Protocol.Barriers;

/// <summary>What one dispatcher has reported of one block event.</summary>
internal struct SpanReport
{
    /// <summary>Which incarnation of it. The report counts only as long as the span has this owner.</summary>
    public Owner Owner;

    /// <summary>When it reported first, under this owner.</summary>
    public TimeSpan Since;

    /// <summary>When it was reported last, or a later incarnation was asked to report.</summary>
    public TimeSpan Asked;

    /// <summary>It has been told to execute the event, or was seen at it: if a writer is looked for again, it comes
    /// first, since it may be executing still.</summary>
    public bool HasBeenWriter;

    /// <summary>It is not among the event's missing spans.</summary>
    public bool IsCounted;
}
