using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Dispatching;

/// <summary>Something that one incarnation of a dispatcher wants done.</summary>
public abstract record DispatcherEffect(Mode Mode, DispatcherId Dispatcher, Owner Owner) : Effect;

/// <summary>Claim the span at the sink, after what is under way for smaller owners has ended, and forget a step of this
/// owner that has not had its last piece. Answered with
/// <see cref="SpanClaimed"/>, <see cref="OwnerRefused"/> or <see cref="OperationFailed"/>.</summary>
public sealed record ClaimSpan(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, TableSpan Span)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>Empty the table in the sink and copy it. Answered with <see cref="CopyFinished"/>,
/// <see cref="OwnerRefused"/> or <see cref="OperationFailed"/>.</summary>
public sealed record CopySpan(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, TableSpan Span)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>Give up the copy under way; it is answered as failed when it has ended.</summary>
public sealed record StopCopy(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>Give rows to the sink, behind everything given before. Answered with <see cref="RowsEnqueued"/>, then
/// <see cref="RowsFlushed"/> or <see cref="RowsFailed"/>; or <see cref="OwnerRefused"/>.</summary>
/// <param name="Batch">Numbered from 1 without a gap.</param>
public sealed record WriteRows(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Batch, RowBatch Rows)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>Make durable everything that this dispatcher gave to the sink. Answered with <see cref="SinkFlushed"/>,
/// <see cref="OwnerRefused"/> or <see cref="OperationFailed"/>.</summary>
public sealed record FlushSink(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>Execute the block event, unless the sink's record says that it was. Answered with
/// <see cref="BlockWritten"/> or <see cref="OperationFailed"/>, once nothing of it goes on any more; if the owner has
/// lost its span, with <see cref="OwnerRefused"/> before that.</summary>
public sealed record WriteBlock(
    Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, BlockEventId Event, BlockPayload Payload)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>Register for the events of the span behind <paramref name="Start"/>.</summary>
/// <param name="Session">Not used by any session of the manager before.</param>
public sealed record OpenSession(
    Mode Mode, DispatcherId Dispatcher, Owner Owner, ulong Session, TableSpan Span, CommitTs Start)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>No more events of this session.</summary>
public sealed record CloseSession(Mode Mode, DispatcherId Dispatcher, Owner Owner, ulong Session)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>So many bytes of rows that arrived are the collector's again: the sink has taken them, or they were
/// dropped. Once for every hand-over to the sink; each byte once.</summary>
public sealed record ReleaseRows(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Bytes)
    : DispatcherEffect(Mode, Dispatcher, Owner);

/// <summary>The incarnation is over; the sink may forget what it holds of it in memory, such as a step without its last
/// piece.</summary>
public sealed record DropSpan(Mode Mode, DispatcherId Dispatcher, Owner Owner)
    : DispatcherEffect(Mode, Dispatcher, Owner);
