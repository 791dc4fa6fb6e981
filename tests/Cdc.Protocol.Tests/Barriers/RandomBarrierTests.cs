namespace Cdc.Protocol.Tests.Barriers;

/// <summary>INV-12…23, while messages are lost, repeated and late, spans move, split and merge, and maintainers
/// change.</summary>
public sealed class RandomBarrierTests
{
    [Fact]
    public void Every_event_is_executed_once_when_all_are_there_nobody_passes_before_and_all_come_through()
    {
        const int Seeds = 100;
        int executions = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            RandomWorld world = new(seed);
            try
            {
                world.Run();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }

            executions += world.Executions;
        }

        Assert.Equal(Seeds * 12, executions);
    }
}
