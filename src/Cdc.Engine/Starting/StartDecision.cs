using Cdc.Protocol;

namespace Cdc.Engine.Starting;

/// <summary>How a run begins. Refusals are exceptions and not among them.</summary>
public abstract record StartDecision
{
    StartDecision() { }

    /// <summary>Make the place in the source's log, and copy the tables.</summary>
    public sealed record First : StartDecision;

    /// <summary>Go on behind <paramref name="Checkpoint"/>, with what is known of it.</summary>
    /// <param name="StateIsLost">The state directory is rebuilt from what the target says.</param>
    public sealed record GoOn(CommitTs Checkpoint, bool StateIsLost = false) : StartDecision;
}
