using Cdc.Simulator.Checks;

namespace Cdc.Simulator;

/// <summary>Runs seeds one after another.</summary>
public static class Batch
{
    /// <summary>Runs one seed.</summary>
    /// <returns>What was broken; null: nothing.</returns>
    public static string? Run(ulong seed, out ulong hash, ReachedStates? reached = null, Figures? figures = null)
    {
        World world = new(seed);
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
    public static string? FirstBroken(ulong first, int runs)
    {
        for (ulong seed = first; seed < first + (ulong)runs; seed++)
        {
            if (Run(seed, out _) is { } broken) return $"{seed}: {broken}";
        }

        return null;
    }
}
