using Cdc.Protocol.Scheduling;
using Cdc.Simulator.Source;
using Cdc.Simulator.Target;

namespace Cdc.Simulator;

/// <summary>What a seed's run is like: each seed draws its own, so that some runs are calm in one way and wild in
/// another.</summary>
public sealed record Swarm
{
    public required int Nodes { get; init; }
    public required WorkloadOptions Workload { get; init; }

    /// <summary>How long faults go on, in virtual time; then everything has to complete.</summary>
    public required TimeSpan Faulty { get; init; }

    public double Loss { get; init; }
    public double Repeat { get; init; }

    /// <summary>The longest delay of a message; long ones are seldom.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What the sinks write to.</summary>
    public TargetKind Target { get; init; }

    public TimeSpan SinkDelay { get; init; }
    public double SinkFailure { get; init; }

    /// <summary>How often something goes wrong with a claim.</summary>
    public double ClaimFailure { get; init; }

    /// <summary>Whether the sink says that it has taken rows before they are durable.</summary>
    public bool SinkEnqueues { get; init; }

    /// <summary>How often a sink's answer to something that it has done is a failure.</summary>
    public double AppliedButFailed { get; init; }

    /// <summary>The mean time between two faults of each kind; null: none.</summary>
    public TimeSpan? Crash { get; init; }
    public TimeSpan? Partition { get; init; }
    public TimeSpan? Pause { get; init; }
    public TimeSpan? ClockJumps { get; init; }
    public TimeSpan? MaintainerVanishes { get; init; }
    public TimeSpan? SecondMaintainer { get; init; }
    public TimeSpan? WrongMembership { get; init; }

    /// <summary>The mean time between two times that nodes leave the view and are back at once; null: they
    /// don't.</summary>
    public TimeSpan? Flaps { get; init; }

    public TimeSpan? Scheduling { get; init; }
    public TimeSpan? Syncpoint { get; init; }
    public TimeSpan? ServiceMoves { get; init; }

    /// <summary>When the source's server crashes, and knows less of what was confirmed to it.</summary>
    public TimeSpan? ServerCrash { get; init; }

    /// <summary>When the source drops what was not read of its log; null: never.</summary>
    public TimeSpan? SlotLost { get; init; }

    /// <summary>The longest pause between two parts of the source's log.</summary>
    public TimeSpan ReadPause { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How many steps of the log come at once.</summary>
    public int ReadSteps { get; init; } = 1000;

    public TimeSpan? Operator { get; init; }

    /// <summary>When an operator pauses the changefeed, and resumes it a while later; null: never.</summary>
    public TimeSpan? Pauses { get; init; }

    /// <summary>The mean time between two machines that start again with the next version; null: there is none.</summary>
    public TimeSpan? Upgrades { get; init; }

    /// <summary>When a table begins to fail at the sink until it is parked; null: none does.</summary>
    public TimeSpan? Breaks { get; init; }

    /// <summary>When maintainers split and merge by themselves; null: they don't.</summary>
    public TrafficOptions? Traffic { get; init; }

    /// <summary>How many bytes of rows may be under way to a node.</summary>
    public int PoolBytes { get; init; } = 4096;

    /// <summary>How many bytes of a step's rows the log gives at once.</summary>
    public int PieceBytes { get; init; } = 4096;

    public double PersistRefused { get; init; }
    public double PersistUnknown { get; init; }
    public double ClockSkew { get; init; }

    /// <summary>Whether the changefeed has a second pipeline.</summary>
    public bool HasRedo { get; init; }

    /// <summary>What an operator does when everything is done, while nobody sees one of the nodes.</summary>
    public EndKind End { get; init; }

    /// <param name="rng">The chance of most of it.</param>
    /// <param name="later">That of what was added later.</param>
    public static Swarm Draw(Rng rng, Rng later)
    {
        bool isCalm = rng.Chance(0.1);
        Swarm drawn = new()
        {
            Nodes = rng.Between(3, rng.Chance(0.2) ? 9 : 5),
            Faulty = TimeSpan.FromSeconds(rng.Between(8, 30)),
            Workload = DrawWorkload(rng),
            SinkDelay = TimeSpan.FromMilliseconds(rng.Pick([1, 20, 300, 3000])),
            SinkEnqueues = rng.Chance(0.5),
            Target = rng.Pick([
                TargetKind.Database, TargetKind.Database, TargetKind.Database, TargetKind.Lines, TargetKind.BareLines]),
            Delay = TimeSpan.FromMilliseconds(isCalm ? 2 : rng.Pick([2, 50, 500, 6000])),
            Scheduling = Sometimes(rng, 0.7, 300, 3000),
            Syncpoint = Sometimes(rng, 0.5, 500, 4000),
            Operator = Sometimes(rng, 0.2, 4000, 12000),
            Breaks = Sometimes(rng, 0.06, 500, 8000),
            ClockSkew = rng.Pick([0.0, 0.0, 0.1, 0.5]),
            PoolBytes = rng.Pick([64, 512, 4096]),
            PieceBytes = rng.Pick([16, 48, 4096, 4096, 4096, 4096]),
            ReadPause = TimeSpan.FromMilliseconds(rng.Pick([1, 50, 1000])),
            ReadSteps = rng.Pick([1, 4, 1000, 1000]),
        };
        if (!isCalm) drawn = drawn.WithFaults(rng);
        TrafficOptions? traffic = rng.Chance(0.25) ? SplitsSoon(rng.Between(1, 30)) : null;

        // The policy would hardly find anything to do where somebody splits and merges all the time.
        bool isAlone = traffic is not null && rng.Chance(0.7);
        drawn = drawn with { Traffic = traffic, Scheduling = isAlone ? null : drawn.Scheduling };
        drawn = drawn.WithClocksAndModes(rng, isCalm);
        return isCalm ? drawn : drawn.WithLater(later);
    }

    /// <summary>Drawn last: the rest of a seed stays as it is.</summary>
    Swarm WithClocksAndModes(Rng rng, bool isCalm)
    {
        TimeSpan? jumps = Sometimes(rng, 0.2, 2000, 10000);
        bool hasRedo = rng.Chance(0.03), parksMore = rng.Chance(0.5);
        EndKind end = rng.Chance(0.05)
            ? rng.Pick([EndKind.Paused, EndKind.Removed, EndKind.Forgotten])
            : EndKind.Left;
        return this with
        {
            ClockJumps = isCalm ? null : jumps,
            HasRedo = hasRedo,
            End = end,
            // What parks tables meets the second pipeline often enough only where it is looked for.
            Operator = hasRedo && parksMore ? TimeSpan.FromSeconds(2) : Operator,
        };
    }

    static WorkloadOptions DrawWorkload(Rng rng)
    {
        bool hasConstraints = rng.Chance(0.3);
        return new(
            Tables: rng.Between(1, 6),
            Schemas: rng.Between(1, 3),
            Keys: rng.Between(2, 8),
            Transactions: rng.Between(10, 60),
            Pace: TimeSpan.FromMilliseconds(rng.Between(20, 800)),
            DdlShare: rng.Pick([0.05, 0.2, 0.5]),
            MixedShare: rng.Pick([0.0, 0.1, 0.4]),
            SplittableShare: rng.Pick([0.0, 0.5, 1.0]),
            KeylessShare: rng.Pick([0.0, 0.0, 0.5]),
            // A constraint binds tables: then DDL of one table is not its own affair.
            TriggerInEveryDdl: rng.Chance(0.7) || hasConstraints,
            HasConstraints: hasConstraints)
        {
            UnsplitShare = rng.Pick([0.0, 0.1, 0.3]),
            KeyChangeShare = rng.Pick([0.0, 0.8, 1.0]),
            FilledShare = rng.Pick([0.0, 0.0, 0.5]),
        };
    }

    Swarm WithFaults(Rng rng) => this with
    {
        Loss = rng.Pick([0.0, 0.01, 0.1, 0.3]),
        Repeat = rng.Pick([0.0, 0.05, 0.2]),
        SinkFailure = rng.Pick([0.0, 0.0, 0.02, 0.1]),
        AppliedButFailed = rng.Pick([0.0, 0.0, 0.05]),
        Crash = Sometimes(rng, 0.5, 2000, 12000),
        Partition = Sometimes(rng, 0.4, 2000, 10000),
        Pause = Sometimes(rng, 0.3, 3000, 15000),
        MaintainerVanishes = Sometimes(rng, 0.5, 1500, 8000),
        SecondMaintainer = Sometimes(rng, 0.4, 2000, 10000),
        WrongMembership = Sometimes(rng, 0.4, 2000, 10000),
        ServiceMoves = Sometimes(rng, 0.3, 3000, 12000),
        PersistRefused = rng.Pick([0.0, 0.0, 0.05]),
        PersistUnknown = rng.Pick([0.0, 0.0, 0.05]),
        Pauses = Sometimes(rng, 0.3, 2000, 10000),
        ServerCrash = Sometimes(rng, 0.2, 3000, 12000),
        SlotLost = Sometimes(rng, 0.02, 1000, 15000),
        Upgrades = Sometimes(rng, 0.2, 400, 3000),
    };

    Swarm WithLater(Rng rng) => this with
    {
        Flaps = Sometimes(rng, 0.12, 500, 4000),
        ClaimFailure = rng.Pick([0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.3]),
    };

    static TimeSpan? Sometimes(Rng rng, double share, int low, int high) =>
        rng.Chance(share) ? TimeSpan.FromMilliseconds(rng.Between(low, high)) : null;

    static TrafficOptions SplitsSoon(long above) =>
        new(above) { Window = TimeSpan.FromSeconds(6), WindowsToSplit = 1, WindowsToMerge = 1 };
}
