using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>When a collector says that its sessions live, and in how many messages.</summary>
public sealed class HeartbeatTests
{
    [Fact]
    [Trait("AC", "C11")]
    public void Sessions_that_are_served_are_told_every_10_s_in_the_order_of_their_dispatchers()
    {
        CollectorCase test = new(Home);
        test.OpenAtHome(3);
        test.OpenAtHome(2);
        test.Open(1);
        List<int> told = [];
        for (int tick = 1; tick <= 300; tick++)
        {
            test.Pass(0.1);
            foreach ((NodeId _, SessionHeartbeat heartbeat) in test.Sent<SessionHeartbeat>())
            {
                told.Add(tick);
                Assert.Equal([Id(2), Id(3)], heartbeat.Sessions.Select(static s => s.Session.Dispatcher));
            }
        }

        Assert.Equal([1, 101, 201], told);
    }

    [Theory]
    [InlineData(4096, "4096")]
    [InlineData(4097, "4096 1")]
    [Trait("AC", "C13")]
    public void No_heartbeat_names_more_than_4096_sessions_and_none_names_nobody(int sessions, string sizes)
    {
        CollectorCase test = new(Home);
        for (int number = 1; number <= sessions; number++) test.OpenAtHome((ulong)number);
        test.Pass(10);
        IEnumerable<int> told = test.Sent<SessionHeartbeat>().Select(static h => h.Message.Sessions.Length);
        Assert.Equal(sizes, string.Join(' ', told));
    }
}
