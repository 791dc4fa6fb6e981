using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Driving;

/// <summary>Something that a role wants done by its host. Each role names its own beside itself.</summary>
public abstract record Effect;

/// <summary>Says something to another role. It may be lost.</summary>
/// <param name="Token">Not null: answer with <see cref="SendEnded"/>; no answer within 5 s counts as failed.</param>
public sealed record Send(Party To, Message Message, long? Token = null) : Effect;

/// <summary>Makes the role's state durable. Everything that was decided with it and after it waits for that.</summary>
public abstract record Persist : Effect;

/// <summary>The role has ended: it takes nothing more, and its host forgets it.</summary>
public sealed record End(string Reason) : Effect;
