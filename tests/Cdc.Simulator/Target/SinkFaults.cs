using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Target;

/// <summary>How slow the sink is, and how often it fails, until the faults are over.</summary>
public sealed class SinkFaults(Swarm swarm, Network network)
{
    public TimeSpan Latency(Rng rng) => TimeSpan.FromTicks(rng.Between(1000, 10000))
        + (rng.Chance(0.2) && !network.IsHealed ? rng.Between(TimeSpan.Zero, swarm.SinkDelay) : TimeSpan.Zero);

    public bool Fails(Rng rng) => !network.IsHealed && rng.Chance(swarm.SinkFailure);

    /// <summary>It was applied, and the answer says it was not.</summary>
    public bool FailsAfterwards(Rng rng) => !network.IsHealed && rng.Chance(swarm.AppliedButFailed);
}
