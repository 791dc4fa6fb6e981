using System.Collections.Immutable;
using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Sessions;

/// <summary>The log has grown.</summary>
/// <param name="Resolved">It has everything up to there. Not beyond what was said before: the source sends it again,
/// and nothing is done.</param>
/// <param name="Tables">Which tables have rows in what is new; without those that have none, a session of theirs costs
/// nothing. Block events are looked up by the service itself.</param>
public sealed record LogGrew(CommitTs Resolved, ImmutableArray<TableId> Tables) : Input;

/// <summary>What the sessions of the service still need: the log may forget everything up to there, as far as they are
/// concerned.</summary>
/// <param name="Behind">Null: nobody has a session. A session that is registered later may need what lies behind the
/// changefeed's checkpoint, so never forget beyond that.</param>
public sealed record SessionsNeed(CommitTs? Behind) : Effect;
