using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Target;

/// <summary>What goes wrong with claims of spans, until the faults are over.</summary>
public sealed class ClaimFaults(Swarm swarm, Network network, Rng rng, ReachedStates reached)
{
    static readonly TimeSpan Slowest = TimeSpan.FromSeconds(8);

    /// <summary>What becomes of the next one; null: nothing goes wrong.</summary>
    public ClaimFault? Next()
    {
        if (swarm.ClaimFailure == 0 || network.IsHealed || !rng.Chance(swarm.ClaimFailure)) return null;
        TimeSpan answered = rng.Between(TimeSpan.FromMilliseconds(1), Slowest);
        return rng.Below(4) switch
        {
            0 => new(null, answered / 10, Reached(HardCase.ClaimFailed)),
            1 => new(TimeSpan.Zero, answered / 10, Reached(HardCase.ClaimUnknown)),
            2 => new(rng.Between(answered, Slowest), answered, true),
            _ => new(answered, answered, false),
        };
    }

    /// <summary>A claim has come to the target when its node was gone.</summary>
    public void CameLate(bool isRefused) => reached.Reached(isRefused ? HardCase.ClaimLateRefused : HardCase.ClaimLate);

    bool Reached(string state)
    {
        reached.Reached(state);
        return true;
    }
}

/// <summary>What goes wrong with one claim.</summary>
/// <param name="DoneIn">When it is done at the target, whatever has become of its node; null: never.</param>
/// <param name="AnsweredIn">When it is answered, if it is not answered with what the target says.</param>
/// <param name="Fails">The answer is that it has failed.</param>
public sealed record ClaimFault(TimeSpan? DoneIn, TimeSpan AnsweredIn, bool Fails);
