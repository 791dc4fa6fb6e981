using Cdc.Simulator.Target;

namespace Cdc.Simulator;

/// <summary>Makes a failing run smaller: takes away faults, nodes, tables and time, one after another, as long as the same
/// rule breaks.</summary>
public static class Shrinker
{
    static readonly IReadOnlyList<(string Name, Func<Swarm, Swarm> Apply)> Simpler =
    [
        ("no crashes", static s => s with { Crash = null }),
        ("no partitions", static s => s with { Partition = null }),
        ("no pauses", static s => s with { Pause = null }),
        ("no jumps of clocks", static s => s with { ClockJumps = null }),
        ("no wrong membership", static s => s with { WrongMembership = null }),
        ("no flapping membership", static s => s with { Flaps = null }),
        ("no second maintainer", static s => s with { SecondMaintainer = null }),
        ("no vanishing maintainer", static s => s with { MaintainerVanishes = null }),
        ("the source stays", static s => s with { ServiceMoves = null }),
        ("no crashes of the source", static s => s with { ServerCrash = null }),
        ("the slot stays", static s => s with { SlotLost = null }),
        ("the log is read at once", static s => s with { ReadPause = TimeSpan.FromMilliseconds(1), ReadSteps = 1000 }),
        ("no split, merge, drain", static s => s with { Scheduling = null }),
        ("no operator", static s => s with { Operator = null }),
        ("no pauses of the changefeed", static s => s with { Pauses = null }),
        ("no upgrade", static s => s with { Upgrades = null }),
        ("no broken table", static s => s with { Breaks = null }),
        ("no policy by traffic", static s => s with { Traffic = null }),
        ("much credit", static s => s with { PoolBytes = 4096 }),
        ("no syncpoints", static s => s with { Syncpoint = null }),
        ("nothing lost", static s => s with { Loss = 0 }),
        ("nothing repeated", static s => s with { Repeat = 0 }),
        ("no long delays", static s => s with { Delay = TimeSpan.FromMilliseconds(2) }),
        ("no sink failures", static s => s with { SinkFailure = 0 }),
        ("no claims that fail", static s => s with { ClaimFailure = 0 }),
        ("no answers that are wrong", static s => s with { AppliedButFailed = 0 }),
        ("a fast sink", static s => s with { SinkDelay = TimeSpan.FromMilliseconds(1) }),
        ("no refused writes of the record", static s => s with { PersistRefused = 0 }),
        ("no unknown writes of the record", static s => s with { PersistUnknown = 0 }),
        ("clocks agree", static s => s with { ClockSkew = 0 }),
        ("nobody stops it", static s => s with { End = EndKind.Left }),
        ("no redo", static s => s with { HasRedo = false }),
        ("a database as the target", static s => s with { Target = TargetKind.Database }),
        ("target with transactions", static s => s.Target == TargetKind.BareLines
            ? s with { Target = TargetKind.Lines } : s),
        ("no constraints", static s => s with { Workload = s.Workload with { HasConstraints = false } }),
        ("keys everywhere", static s => s with { Workload = s.Workload with { KeylessShare = 0 } }),
        ("three nodes", static s => s with { Nodes = 3 }),
        ("fewer tables", static s => s with { Workload = s.Workload with { Tables = (s.Workload.Tables + 1) / 2 } }),
        ("one schema", static s => s with { Workload = s.Workload with { Schemas = 1 } }),
        ("fewer keys", static s => s with { Workload = s.Workload with { Keys = 2 } }),
        ("no DDL that forbids a split", static s => s with { Workload = s.Workload with { UnsplitShare = 0 } }),
        ("no key changes", static s => s with { Workload = s.Workload with { KeyChangeShare = 0 } }),
        ("no tables made with rows", static s => s with { Workload = s.Workload with { FilledShare = 0 } }),
        ("steps in one piece", static s => s with { PieceBytes = 4096 }),
        ("less DDL", static s => s with { Workload = s.Workload with { MixedShare = 0 } }),
        ("fewer transactions",
            static s => s with { Workload = s.Workload with { Transactions = s.Workload.Transactions * 2 / 3 } }),
        ("a shorter time of faults", static s => s with { Faulty = s.Faulty * 0.7 }),
    ];

    /// <param name="seed">The failing seed.</param>
    /// <param name="from">Its options.</param>
    /// <param name="rule">The rule that it breaks.</param>
    /// <param name="kept">Gets the names of what was taken away.</param>
    public static Swarm Shrink(ulong seed, Swarm from, string rule, List<string> kept)
    {
        for (bool isSmaller = true; isSmaller;)
        {
            isSmaller = false;
            foreach ((string name, Func<Swarm, Swarm> apply) in Simpler)
            {
                Swarm smaller = apply(from);
                if (smaller == from || RuleOf(new World(seed, smaller)) != rule) continue;
                from = smaller;
                if (!kept.Contains(name)) kept.Add(name);
                isSmaller = true;
            }
        }

        return from;
    }

    /// <summary>The rule that a run breaks; null: none.</summary>
    public static string? RuleOf(World world)
    {
        try
        {
            world.Run();
            return null;
        }
        catch (ViolationException violation)
        {
            return violation.Rule;
        }
        catch (InvalidOperationException)
        {
            return "exception";
        }
    }
}
