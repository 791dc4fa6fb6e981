using System.Collections.Immutable;
using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Sessions;

/// <summary>A dispatcher wants its events from here on. One that is open already under a smaller owner is
/// replaced.</summary>
/// <param name="Start">It needs what lies behind it.</param>
/// <param name="Session">Its number, greater than that of every one opened before: what is delivered carries it, so
/// that nothing of a former session is taken for one of this.</param>
public sealed record OpenSession(
    Mode Mode, DispatcherId Dispatcher, Owner Owner, TableSpan Span, CommitTs Start, ulong Session = 0) : Input;

/// <summary>A dispatcher wants no more events.</summary>
/// <param name="Owner">The incarnation that ends; a later one stays.</param>
public sealed record CloseSession(Mode Mode, DispatcherId Dispatcher, Owner Owner) : Input;

/// <summary>Which service has to serve whatever nobody else has: the node's own where each node reads the source, the
/// owner of the source where one does. It wins over every other.</summary>
/// <param name="Service">Null: there is none at the moment.</param>
public sealed record HomeChanged(NodeId? Service) : Input;

/// <summary>Services that may have the span's events already, the best first. Taken only while the session has no
/// service.</summary>
public sealed record CandidatesOffered(Mode Mode, DispatcherId Dispatcher, ImmutableArray<NodeId> Services) : Input;

/// <summary>Rows were taken by the sink, or dropped with their dispatcher: their memory is free again. Every byte that
/// was delivered comes back exactly once.</summary>
public sealed record RowsReleased(long Bytes) : Input;
