namespace Cdc.Protocol.Messages;

/// <summary>What one role says to another. Immutable; any of them may be lost, repeated, late or out of
/// order.</summary>
/// <remarks>The wire form is explicit and versioned: <c>WireContract.txt</c> beside
/// this assembly's project.</remarks>
public abstract record Message;

/// <summary>A message about who does what, of one changefeed. It is fenced by epoch in both directions: whoever is at
/// another epoch drops it.</summary>
/// <param name="Epoch">The epoch of the maintainer that says it, or that it is said to.</param>
public abstract record ControlMessage(Epoch Epoch) : Message;

/// <summary>A message between the two halves of event delivery. It knows no maintainer; numbers of its own fence
/// it.</summary>
public abstract record SessionMessage : Message;
