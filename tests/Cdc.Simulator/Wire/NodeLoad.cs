using Cdc.Protocol;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Wire;

/// <summary>A message that only nodes of the pretended version know. No role has a use for it.</summary>
sealed record NodeLoad(NodeId Node, ulong Load) : Message;
