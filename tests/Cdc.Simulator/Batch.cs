using Cdc.Simulator.Checks;
using Cdc.Simulator.Target;

namespace Cdc.Simulator;

/// <summary>Runs seeds one after another.</summary>
public static class Batch
{
    /// <summary>Runs one seed.</summary>
    /// <returns>What was broken; null: nothing.</returns>
    public static string? Run(
        ulong seed, out ulong hash, ReachedStates? reached = null, TargetKind? target = null, Figures? figures = null)
    {
        World world = new(seed);
        if (target is { } kind) world = new(seed, world.Swarm with { Target = kind });
        try
        {
            world.Run();
            if (figures is not null) figures.Seed = seed;
            if (figures is not null) world.Checks.Liveness.Report(figures);
            return null;
        }
        catch (ViolationException violation)
        {
            return violation.Message;
        }
        catch (Exception bug) when (bug is InvalidOperationException or ArgumentException or KeyNotFoundException
            or NullReferenceException or IndexOutOfRangeException or OverflowException)
        {
            return $"exception: {bug.GetType().Name} {bug.Message}";
        }
        finally
        {
            hash = world.Trace.Hash;
            reached?.Add(world.Reached);
        }
    }

    /// <summary>The first of some seeds that breaks a rule, and how, as <c>seed: what</c>; null: none does.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="runs">How many.</param>
    /// <param name="target">A name of <see cref="TargetKind"/>; null: each seed has its own.</param>
    public static string? FirstBroken(ulong first, int runs, string? target = null)
    {
        TargetKind? kind = target is null ? null : Enum.Parse<TargetKind>(target);
        for (ulong seed = first; seed < first + (ulong)runs; seed++)
        {
            if (Run(seed, out _, target: kind) is { } broken) return $"{seed}: {broken}";
        }

        return null;
    }
}
