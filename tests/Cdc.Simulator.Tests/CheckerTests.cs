using Cdc.Simulator.Tests.Mutations;

namespace Cdc.Simulator.Tests;

/// <summary>A checker that can't fail is none.</summary>
public sealed class CheckerTests(MutantFactory factory) : IClassFixture<MutantFactory>
{
    [Theory]
    [MemberData(nameof(CheckerMutations.All), MemberType = typeof(CheckerMutations))]
    public void Every_checker_notices_what_it_is_there_for(string rule, Mutation mutation)
    {
        string? broken = factory.Make(mutation).FirstBroken(1, 400);
        Assert.Contains($" {rule}: ", broken ?? $"nobody notices: {mutation}");
    }
}
