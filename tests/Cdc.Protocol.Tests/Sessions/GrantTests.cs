using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>How much a service may send, where several share one pool, and when it is told.</summary>
public sealed class GrantTests
{
    [Fact]
    public void Bytes_that_come_back_are_granted_once_whoever_is_served_first()
    {
        CollectorCase test = OfTwo(pool: 100, out SessionKey home, out _);
        test.Stream(Home, [.. Many(home, 10)]);
        test.Tell(new RowsReleased(60));
        Assert.Equal([(Home, 150L), (Near, 10L)], Granted(test));
    }

    [Fact]
    public void What_one_has_sent_beyond_its_grant_makes_no_room_for_another()
    {
        CollectorCase test = OfTwo(pool: 20, out SessionKey home, out SessionKey near);
        test.Stream(Home, [.. Many(home, 2)]);
        test.Stream(Near, [.. Many(near, 4)]);
        test.Tell(new RowsReleased(10));
        Assert.DoesNotContain(Granted(test), static grant => grant.To == Home);
    }

    [Fact]
    public void What_others_left_beyond_the_pool_is_no_more_than_what_is_still_held()
    {
        CollectorCase test = new(Home, pool: 20);
        SessionKey one = test.OpenAtHome();
        test.Stream(Home, [.. Many(one, 3)]);
        SecondAt(test, Near);
        test.Tell(new RowsReleased(30));
        Assert.Equal(10, Granted(test).Single(static c => c.To == Near).Bytes);
    }

    [Fact]
    public void A_batch_that_comes_late_takes_no_room_back()
    {
        CollectorCase test = new(Home, pool: 100);
        SessionKey key = test.OpenAtHome();
        test.Stream(Home, [.. Many(key, 3)]);
        test.Hear(Home, new StreamBatch(1, 1, 10, []));
        test.Tell(new RowsReleased(30));
        Assert.Equal(130, Granted(test).Single().Bytes);
    }

    [Fact]
    public void A_large_grant_is_told_at_once_and_a_small_one_only_where_the_service_may_be_at_its_end()
    {
        CollectorCase test = WithSession(out _);
        Assert.Equal(1 << 20, Granted(test).Single().Bytes);
        Lose(test, 100);
        Assert.Empty(Granted(test));
        Lose(test, 1 << 17);
        Assert.Equal((1 << 20) + (1 << 17), Granted(test).Single().Bytes);

        CollectorCase small = new(Home, pool: 1000);
        small.OpenAtHome();
        Lose(small, 10);
        Assert.Equal(1010, Granted(small).Single().Bytes);
    }

    [Fact]
    public void A_grant_is_told_again_every_second_and_not_between()
    {
        CollectorCase test = WithSession(out _);
        int told = 0;
        for (int i = 0; i < 50; i++)
        {
            test.Pass(0.1);
            told += Granted(test).Count();
        }

        Assert.Equal(5, told);
    }

    [Fact]
    public void A_service_that_nobody_reads_from_any_more_has_no_part_in_the_pool()
    {
        CollectorCase test = new(Home, pool: 100);
        test.OpenAtHome();
        test.Pass(1);
        Assert.Equal([(Home, 100L)], Granted(test));
        test.Tell(new HomeChanged(Near));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(key));
        test.Stream(Near, new StreamItem.Handshake(key, new(2), At(100)));
        test.Pass(10);
        test.Pass(1);
        Assert.Equal([(Near, 100L)], Granted(test));
    }

    [Fact]
    public void Less_than_nothing_can_not_come_back()
    {
        CollectorCase test = WithSession(out _);
        Assert.Throws<InvalidOperationException>(() => test.Tell(new RowsReleased(-1)));
    }

    /// <summary>One session at home, another one at a second service.</summary>
    static CollectorCase OfTwo(long pool, out SessionKey home, out SessionKey near)
    {
        CollectorCase test = new(Home, pool);
        home = test.OpenAtHome();
        near = SecondAt(test, Near);
        return test;
    }

    static SessionKey SecondAt(CollectorCase test, NodeId service)
    {
        test.Tell(new HomeChanged(service));
        return test.OpenAtHome(2, service);
    }

    /// <summary>Batches that are lost, and known by the total of a later one.</summary>
    static void Lose(CollectorCase test, long sentInAll) =>
        test.Hear(Home, new StreamBatch(1, test.NextOf(Home), sentInAll, []));

    static IEnumerable<StreamItem> Many(SessionKey key, int count) =>
        Enumerable.Range(0, count).Select(i => Rows(key, 1, 2 + i, (ulong)(110 + i)));

    static IEnumerable<(NodeId To, long Bytes)> Granted(CollectorCase test) =>
        test.Sent<Credit>().Select(static credit => (credit.To, credit.Message.GrantedBytes));
}
