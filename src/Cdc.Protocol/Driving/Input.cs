using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Driving;

/// <summary>Something that happened to a role. Each role names its own beside itself.</summary>
public abstract record Input;

/// <summary>A message came.</summary>
public sealed record Received(Party From, Message Message) : Input;

/// <summary>Time has passed: comes every 100 ms or so.</summary>
public sealed record Tick : Input
{
    public static readonly Tick Now = new();
}

/// <summary>The nodes that this node believes alive; others may believe otherwise.</summary>
public sealed record NodesChanged(ImmutableArray<NodeId> Alive) : Input;

/// <summary>How a send with a token ended. A transport without answers says sent when it has taken it.</summary>
public sealed record SendEnded(long Token, bool IsSent) : Input;
