using Cdc.Protocol;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Target;

/// <summary>How slow the sink is, and how often it fails, until the faults are over.</summary>
public sealed class SinkFaults(
    Swarm swarm, Network network, BrokenTable broken, ClaimFaults claims, ReachedStates reached)
{
    /// <summary>What goes wrong with claims.</summary>
    public ClaimFaults Claims => claims;

    public TimeSpan Latency(Rng rng) => TimeSpan.FromTicks(rng.Between(1000, 10000))
        + (rng.Chance(0.2) && !network.IsHealed ? rng.Between(TimeSpan.Zero, swarm.SinkDelay) : TimeSpan.Zero);

    /// <summary>Whether writing rows of this table fails.</summary>
    public bool FailsFor(TableId table, Rng rng) => broken.Fails(table) || Fails(rng);

    public bool Fails(Rng rng) => !network.IsHealed && rng.Chance(swarm.SinkFailure);

    /// <summary>Somebody has stood still, written, and had lost its span meanwhile.</summary>
    public void RefusedLate() => reached.Reached(HardCase.StoodStillDispatcher);

    /// <summary>It was applied, and the answer says it was not.</summary>
    public bool FailsAfterwards(Rng rng)
    {
        if (network.IsHealed || !rng.Chance(swarm.AppliedButFailed)) return false;
        reached.Reached(HardCase.SinkUnknown);
        return true;
    }
}
