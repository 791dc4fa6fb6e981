using Cdc.Simulator.Checks;

namespace Cdc.Simulator.Tests;

/// <summary>Whole clusters under fixed seeds and under fresh ones.</summary>
public sealed class SeedTests
{
    const ulong FirstFixed = 1;
    const int Fixed = 500;

    [Fact]
    public void Five_hundred_fixed_seeds_break_no_rule()
    {
        for (ulong seed = FirstFixed; seed < FirstFixed + Fixed; seed++)
            Assert.Null(Batch.Run(seed, out _) is { } broken ? $"seed {seed}: {broken}" : null);
    }

    [Fact]
    public void Fresh_seeds_break_no_rule()
    {
        ulong first = (ulong)DateTime.UtcNow.Ticks;
        for (ulong seed = first; seed < first + 200; seed++)
            Assert.Null(Batch.Run(seed, out _) is { } broken ? $"seed {seed}: {broken}" : null);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (ulong seed = FirstFixed; seed < FirstFixed + 100; seed++)
        {
            Batch.Run(seed, out ulong once);
            Batch.Run(seed, out ulong again);
            Assert.Equal(once, again);
        }
    }
}
