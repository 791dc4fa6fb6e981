using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Changefeeds;

/// <summary>Stores the record, if what is stored is what this incarnation has read or stored last.</summary>
public sealed record PersistChangefeed(ChangefeedRecord Record) : Persist;

/// <summary>Makes sure that nothing is stored, as this incarnation has read: refused if there is something by now.
/// Stores nothing.</summary>
public sealed record ConfirmMissing : Persist;

/// <summary>How a command ended.</summary>
public sealed record Answered(long Token, CommandResult Result) : Effect;

/// <summary>Makes sure that there is a maintainer: where the host knows one that lives, nothing. Comes again until one
/// asks for an epoch, or reports.</summary>
/// <param name="Purpose">For the log; what counts is in the grant.</param>
public sealed record ActivateMaintainer(MaintainerPurpose Purpose) : Effect;

public enum CommandResult : byte
{
    Done = 0,

    /// <summary>It has been created already.</summary>
    Exists = 1,

    /// <summary>There is none.</summary>
    Missing = 2,

    /// <summary>Not while it runs.</summary>
    Runs = 3,

    /// <summary>It does not run.</summary>
    RunsNot = 4,

    /// <summary>It is being removed, or is.</summary>
    Removed = 5,

    /// <summary>Its checkpoint is at the target already.</summary>
    TargetReached = 6,

    /// <summary>The table is in the schedule, or there is none.</summary>
    NotParked = 7,
}
