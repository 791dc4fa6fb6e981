using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>The node may not write any more: it has lost its membership. Everything ends at once.</summary>
public sealed record WritePathClosed : Input;

/// <summary>Something that stops the whole node for this changefeed.</summary>
/// <remarks>A target that is away altogether belongs here, not into what each dispatcher's operation answers: that
/// counts against its table, and a table that keeps a barrier waiting for a minute is parked.</remarks>
/// <param name="Kind">One of a closed list.</param>
/// <param name="Message">A sentence without values of rows.</param>
public sealed record NodeFailed(FaultKind Kind, string Message) : Input;

/// <summary>The process goes: what the dispatchers have reported is sent now, as far as it still can be.</summary>
public sealed record ShuttingDown : Input;
