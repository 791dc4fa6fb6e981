namespace Cdc.Simulator.Checks;

/// <summary>How much is enough once the faults are over, from the protocol's own times.</summary>
static class LivenessLimits
{
    /// <summary>A maintainer is missed after 10 s; a node says everything of its dispatchers every 10 s; a session asks
    /// again after 10 s at most; a wave to many waits for 10 s at most.</summary>
    static readonly TimeSpan Open = TimeSpan.FromSeconds(40);

    /// <summary>A barrier waits for a table that a failure holds for a minute, then it is parked. What began to be
    /// retried under the faults has a pause shorter than that.</summary>
    static readonly TimeSpan Held = TimeSpan.FromSeconds(60);

    /// <summary>How long what was said before the faults were over is still answered.</summary>
    public static readonly TimeSpan Backlog = TimeSpan.FromMilliseconds(100);

    /// <summary>WRITE or PASS comes once a second, and each may be answered.</summary>
    const double SaidEachSecond = 2;

    /// <summary>A report, its repeat, what it is answered, WRITE or PASS and DONE, of an incarnation or two, to a
    /// maintainer or two.</summary>
    public const int SaidAnyway = 16;

    /// <summary>One that closes for a pause, one that runs, and one that finds that another was before it.</summary>
    public const int Epochs = 3;

    public static TimeSpan OpenFor(Swarm swarm) => (MayHold(swarm) ? Open + Held : Open) / SlowestClock(swarm);

    public static double SaidIn(TimeSpan open) => SaidEachSecond * open.TotalSeconds;

    public static bool MayHold(Swarm swarm) =>
        swarm.Breaks is not null || swarm.SinkFailure > 0 || swarm.AppliedButFailed > 0 || swarm.ClaimFailure > 0;

    public static double SlowestClock(Swarm swarm) => 1 - swarm.ClockSkew / 2;
}
