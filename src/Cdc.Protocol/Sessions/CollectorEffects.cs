using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>Which session of which incarnation of which dispatcher something is for.</summary>
/// <param name="Session">Of the <see cref="OpenSession"/> that it began with.</param>
public readonly record struct SessionTarget(Mode Mode, DispatcherId Dispatcher, Owner Owner, ulong Session = 0);

/// <summary>A piece of one step's rows. The steps of a session come in order and each of them once, in one piece or in
/// several that follow one another.</summary>
/// <param name="IsFirst">The step begins here. What came before of a step that has not had its last piece is void: it
/// comes again, from its first piece. So a sink makes a step durable only with its last piece.</param>
/// <param name="IsLast">The step has no more rows: everything of the session up to <paramref name="At"/> has
/// come.</param>
public sealed record DeliverRows(
    SessionTarget To, CommitTs At, bool IsFirst, bool IsLast, ReadOnlyMemory<byte> Payload) : Effect;

/// <summary>A block event of the session; everything of it before has come.</summary>
public sealed record DeliverBlock(SessionTarget To, BlockEventId Event, BlockPayload Payload) : Effect;

/// <summary>Everything up to <paramref name="Ts"/> has come, for every open session of the collector but some. A
/// session may be beyond it already.</summary>
/// <param name="Except">For these it does not hold: sessions that wait for a service, have been reset, or are
/// behind. In order; the same array as before where nothing changed.</param>
/// <param name="OpenedUpTo">The last session that was opened: it says nothing of later ones.</param>
public sealed record DeliverResolved(CommitTs Ts, ImmutableArray<SessionTarget> Except, ulong OpenedUpTo) : Effect;

/// <summary>The service no longer has what the session needs. It is asked again from time to time.</summary>
/// <param name="Behind">What lies behind it was asked for.</param>
/// <param name="Reason">A sentence.</param>
/// <param name="Kind">Permanent: it is lost for ever, and an operator has to be told. Else a checkpoint has passed it,
/// and the session is a leftover, which its maintainer removes.</param>
public sealed record SessionRefused(SessionTarget Of, CommitTs Behind, string Reason, FaultKind Kind) : Effect;

/// <summary>No candidate is left, and the session has no service yet: others may be offered.</summary>
public sealed record CandidatesWanted(SessionTarget For, TableSpan Span, CommitTs Start) : Effect;
