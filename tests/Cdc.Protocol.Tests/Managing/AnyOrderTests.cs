namespace Cdc.Protocol.Tests.Managing;

public sealed class AnyOrderTests
{
    [Fact]
    public void Whatever_order_things_happen_in_nothing_is_passed_that_is_not_durable_and_everything_ends()
    {
        Dictionary<string, int> met = [];
        for (int seed = 0; seed < 150; seed++)
        {
            ChaosNode node = new(seed);
            try
            {
                node.Run(300);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            foreach ((string what, int count) in node.Met) met[what] = met.GetValueOrDefault(what) + count;
        }

        string[] worth = ["removed", "takeover", "rows failed", "operation failed", "Waiting", "Done", "Scheduled"];
        foreach (string what in worth)
        {
            Assert.True(met.GetValueOrDefault(what) > 50, $"{what} was met {met.GetValueOrDefault(what)} times");
        }
    }
}
