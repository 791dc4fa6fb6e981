using System.Collections.Immutable;

namespace Cdc.Protocol.Messages;

/// <summary>Collector to event service: I want the events of this span.</summary>
/// <param name="Session">Whose, and which of its registrations.</param>
/// <param name="Span">What it owns; the table trigger's is of table 0.</param>
/// <param name="Start">It will need what lies behind it.</param>
/// <param name="OnlyReuse">Only if you have that already: a service elsewhere is not to begin reading for it.</param>
public sealed record Register(SessionKey Session, TableSpan Span, CommitTs Start, bool OnlyReuse) : SessionMessage;

/// <summary>Service to collector: I can serve it.</summary>
public sealed record Ready(SessionKey Session) : SessionMessage;

/// <summary>Service to collector: I have not what you need; ask another.</summary>
public sealed record NotReusable(SessionKey Session) : SessionMessage;

/// <summary>Collector to service: send everything behind <paramref name="Start"/>, numbered from 1, under a new
/// epoch.</summary>
public sealed record Reset(SessionKey Session, SessionEpoch Epoch, CommitTs Start) : SessionMessage;

/// <summary>Service to collector: I can't, so that you need not wait for it.</summary>
/// <param name="Reason">A sentence.</param>
/// <param name="Kind">Permanent: what is missing is lost for ever. Else the log has forgotten it, since a checkpoint
/// has passed it.</param>
public sealed record ResetRefused(SessionKey Session, SessionEpoch Epoch, string Reason, FaultKind Kind)
    : SessionMessage;

/// <summary>Collector to service: no more.</summary>
public sealed record Unregister(SessionKey Session) : SessionMessage;

/// <summary>Collector to service, every 10 s: these live, and need nothing up to there.</summary>
public sealed record SessionHeartbeat(ImmutableArray<SessionProgress> Sessions) : SessionMessage;

/// <param name="Checkpoint">The smaller of what is durable and of what came in this epoch.</param>
public readonly record struct SessionProgress(SessionKey Session, SessionEpoch Epoch, CommitTs Checkpoint);

/// <summary>Service to collector: these I do not know (any more).</summary>
public sealed record SessionsUnknown(ImmutableArray<SessionKey> Sessions) : SessionMessage;

/// <summary>Collector to service: how many bytes you may have sent in all on this stream. A total, so that a lost or
/// repeated grant changes nothing.</summary>
/// <param name="Stream">The service's stream that it counts for.</param>
public sealed record Credit(ulong Stream, long GrantedBytes) : SessionMessage;

/// <summary>Collector to service: something of the stream was lost; state the last numbers of all sessions.</summary>
public sealed record RestateRequest(ulong Stream) : SessionMessage;

/// <summary>Service to collector: a piece of the one stream between them, for all of the manager's sessions.</summary>
/// <param name="Stream">A later life of the service has a greater number.</param>
/// <param name="First">The number of the first item; they are numbered from 1 without a gap.</param>
/// <param name="SentBytes">How many bytes of rows the stream has had in all, these included: so that bytes that were
/// lost on the way are not missed in the credit.</param>
public sealed record StreamBatch(ulong Stream, long First, long SentBytes, ImmutableArray<StreamItem> Items)
    : SessionMessage;

/// <summary>One dispatcher's registration. A dispatcher that registers again gets another number, so that what is said
/// about the former does not reach the later one.</summary>
public readonly record struct SessionKey(Mode Mode, DispatcherId Dispatcher, ulong Registration);

/// <summary>What travels on a stream.</summary>
public abstract record StreamItem
{
    StreamItem() { }

    /// <summary>The first item of a session's epoch: its number is 1, and everything behind <paramref name="Start"/>
    /// follows.</summary>
    public sealed record Handshake(SessionKey Session, SessionEpoch Epoch, CommitTs Start) : StreamItem;

    /// <summary>Rows of one step of a transaction, in the span. Only these need credit.</summary>
    /// <param name="Number">One more than the session's item before.</param>
    /// <param name="At">The step that the rows belong to.</param>
    /// <param name="IsLast">Whether the step has no more rows of the span.</param>
    /// <param name="Payload">The rows; of no meaning here.</param>
    public sealed record Rows(
        SessionKey Session, SessionEpoch Epoch, long Number, CommitTs At, bool IsLast, ReadOnlyMemory<byte> Payload)
        : StreamItem;

    /// <summary>A DDL or a syncpoint.</summary>
    public sealed record Block(
        SessionKey Session, SessionEpoch Epoch, long Number, BlockEventId Event, BlockPayload Payload) : StreamItem;

    /// <summary>Every session that is not behind has been sent everything up to <paramref name="Ts"/>.</summary>
    /// <param name="Sent">The last number of each session that got an item since the Resolved before, or came to be
    /// behind, or caught up; of all sessions, if <paramref name="IsComplete"/>. One that has another number here has
    /// lost something.</param>
    /// <param name="IsComplete">Whether it names all sessions: taken also after a gap in the stream.</param>
    /// <param name="Parts">How many <see cref="Positions"/> directly before belong to it.</param>
    public sealed record Resolved(
        CommitTs Ts, ImmutableArray<SessionPosition> Sent, bool IsComplete, int Parts) : StreamItem;

    /// <summary>More sessions that the next Resolved names: too many for one item.</summary>
    public sealed record Positions(ImmutableArray<SessionPosition> Sent) : StreamItem;
}

/// <param name="Number">The last number that it was sent in this epoch.</param>
/// <param name="IsBehind">It has not been sent everything yet: from this Resolved on none holds for it, until one names
/// it as no longer behind.</param>
public readonly record struct SessionPosition(SessionKey Session, SessionEpoch Epoch, long Number, bool IsBehind);
