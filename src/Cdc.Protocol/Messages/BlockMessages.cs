using System.Collections.Immutable;

namespace Cdc.Protocol.Messages;

/// <summary>Manager to maintainer: what its dispatchers report of block events.</summary>
public sealed record BlockStatusRequest(Epoch Epoch, Mode Mode, ImmutableArray<BlockStatus> Statuses)
    : ControlMessage(Epoch);

/// <summary>One dispatcher's report of one block event.</summary>
/// <param name="Dispatcher">Who.</param>
/// <param name="Owner">Which incarnation of it: one that was replaced is not believed.</param>
/// <param name="Event">Of what.</param>
/// <param name="Stage">How far.</param>
/// <param name="Action">Of <see cref="BlockStage.Done"/>: what was done.</param>
/// <param name="Payload">Of <see cref="BlockStage.Waiting"/> and <see cref="BlockStage.Scheduled"/>: what the event
/// does.</param>
public sealed record BlockStatus(
    DispatcherId Dispatcher,
    Owner Owner,
    BlockEventId Event,
    BlockStage Stage,
    BlockAction? Action,
    BlockPayload? Payload);

public enum BlockStage : byte
{
    /// <summary>"I executed an event that stops nobody else; schedule its tables." Carries effects, so it is never
    /// left out as a repeat.</summary>
    Scheduled = 0,

    /// <summary>"Everything before it is durable, and I stand still."</summary>
    Waiting = 1,

    /// <summary>It is writing or passing. Never sent, only seen in a bootstrap's answer.</summary>
    Writing = 2,

    /// <summary>"I have done what I was told."</summary>
    Done = 3,
}

public enum BlockAction : byte
{
    /// <summary>Execute it. The sink may answer that it is recorded already: that is done, too.</summary>
    Write = 0,

    /// <summary>Go past it: somebody else has executed it.</summary>
    Pass = 1,
}

/// <summary>Maintainer to manager: what its dispatchers are to do about block events.</summary>
public sealed record BlockInstructions(Epoch Epoch, Mode Mode, ImmutableArray<BlockInstruction> Items)
    : ControlMessage(Epoch);

/// <summary>One instruction for some dispatchers of a node.</summary>
/// <param name="Event">The event, matched exactly: position, syncpoint or not, and action.</param>
/// <param name="Kind">What to do.</param>
/// <param name="To">Whom on the node it is for.</param>
public sealed record BlockInstruction(BlockEventId Event, InstructionKind Kind, Addressees To);

public enum InstructionKind : byte
{
    /// <summary>The report has arrived and counts: stop repeating it.</summary>
    Acknowledge = 0,

    /// <summary>No report of this incarnation counts: it came while the dispatcher was not in the schedule yet, or only
    /// a former one's came. Say it again now, acknowledged or not, if you stand there.</summary>
    Ignored = 1,
    Write = 2,
    Pass = 3,
}

/// <summary>Which dispatchers of a node.</summary>
public abstract record Addressees
{
    Addressees() { }

    public sealed record Some(ImmutableArray<DispatcherId> Ids) : Addressees;

    /// <summary>Those of a schema's tables, and the table trigger.</summary>
    public sealed record OfSchema(string Schema) : Addressees;

    public sealed record All : Addressees;
}
