using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>Something that happened to one incarnation of a dispatcher. What concerns another one is late, and changes
/// nothing.</summary>
public abstract record DispatcherInput(Mode Mode, DispatcherId Dispatcher, Owner Owner) : Input;

/// <summary>The sink has the span's claim: from here on it refuses every smaller owner.</summary>
/// <param name="Position">Everything of the span up to it is in the sink already; null: it has no record.</param>
public sealed record SpanClaimed(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, CommitTs? Position)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>The sink knows a larger owner of the span: of a claim, of rows or of a block event. Nothing more of this
/// incarnation will be committed.</summary>
public sealed record OwnerRefused(Mode Mode, DispatcherId Dispatcher, Owner Owner)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>The table is copied, all of it durable, as of <paramref name="At"/>.</summary>
public sealed record CopyFinished(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, CommitTs At)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>Everything that the dispatcher gave to the sink before the flush is durable.</summary>
public sealed record SinkFlushed(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>The block event is executed and recorded; or the sink's record says that it was before.</summary>
public sealed record BlockWritten(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, bool WasRecorded)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>A claim, copy, flush or block event failed. It may have happened in part, and is not going on.</summary>
public sealed record OperationFailed(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Ticket, FaultKind Kind)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>A piece of one step's rows, of the dispatcher's session. Taken without waiting: it lies in the dispatcher's
/// inbox until its turn comes.</summary>
/// <param name="Session">Of the <see cref="OpenSession"/> that the collector had taken when it said so.</param>
/// <param name="Rows">Steps come in order; a step may come in several pieces.</param>
public sealed record RowsArrived(Mode Mode, DispatcherId Dispatcher, Owner Owner, ulong Session, RowBatch Rows)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <param name="IsFirst">The step begins here: what came of one that has not had its last piece is void.</param>
/// <param name="IsLast">The step has no more rows of the span. It becomes durable with this piece.</param>
/// <param name="Payload">The rows; of no meaning here.</param>
public readonly record struct RowBatch(CommitTs At, bool IsFirst, bool IsLast, ReadOnlyMemory<byte> Payload);

/// <summary>The sink has taken a batch: its place in the order is fixed. A sink may leave that to
/// <see cref="RowsFlushed"/>, but not for a piece that is not the last of its step: the next one waits for
/// it.</summary>
/// <param name="Batch">Of <see cref="WriteRows"/>.</param>
public sealed record RowsEnqueued(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Batch)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>A batch is durable. Batches may become so in any order; those of a step only when it has its last
/// piece.</summary>
public sealed record RowsFlushed(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Batch)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>A batch is not durable, and is not tried any more. Every batch of a step that has its last piece is
/// answered with flushed or failed.</summary>
public sealed record RowsFailed(Mode Mode, DispatcherId Dispatcher, Owner Owner, long Batch, FaultKind Kind)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>A block event of the dispatcher's session. Taken without waiting, as rows are.</summary>
public sealed record BlockArrived(
    Mode Mode,
    DispatcherId Dispatcher,
    Owner Owner,
    ulong Session,
    BlockEventId Event,
    BlockPayload Payload) : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>What the dispatcher's session asked for is lost at the source for ever. A dispatcher that needs it can't
/// go on, and nothing that lies behind it may be written. Said again every 10 s, as long as the session is refused.
/// </summary>
/// <param name="Behind">What lies behind it was asked for: a dispatcher that has more in hand goes on without.</param>
/// <param name="Reason">A sentence.</param>
public sealed record SessionLost(
    Mode Mode, DispatcherId Dispatcher, Owner Owner, ulong Session, CommitTs Behind, string Reason)
    : DispatcherInput(Mode, Dispatcher, Owner);

/// <summary>Everything up to <paramref name="Ts"/> has come, for every session of the manager but some: one input for
/// all of them.</summary>
/// <param name="OpenedUpTo">The largest session that the collector had taken when it said so: of a later one it
/// knew nothing.</param>
/// <param name="Except">For these it does not hold. The same array as before where nothing changed.</param>
public sealed record ResolvedArrived(CommitTs Ts, ulong OpenedUpTo, ImmutableArray<DispatcherKey> Except) : Input;
