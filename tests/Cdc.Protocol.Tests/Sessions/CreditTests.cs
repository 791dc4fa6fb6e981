using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

public sealed class CreditTests
{
    const int Piece = 4;

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    [InlineData(40)]
    public void A_small_pool_is_kept_to_and_everything_comes_through(long pool)
    {
        DeliveryRun run = new(Busy(), pool: pool);
        OpenAll(run);
        run.Grow(100);
        run.Finish(600);
        Assert.InRange(run.MostBytes, Math.Max(Piece, pool / 2), pool + (5 * Piece));
    }

    [Fact]
    public void Rows_that_wait_behind_a_barrier_do_not_keep_from_it_whoever_has_to_reach_it()
    {
        ScriptedLog log = new();
        for (ulong commit = 1; commit < 30; commit++) log.Row(commit, 1, "far behind");
        log.Ddl(30, 1, 2);
        for (ulong commit = 31; commit < 60; commit++) log.Row(commit, 2, "held back");
        DeliveryRun run = new(log, pool: 40) { PassesBarriers = false };
        ModelDispatcher ahead = run.Open(2, TableSpan.Whole(new TableId(2)));
        run.Grow(60);
        run.Run(5);
        Assert.NotNull(ahead.Pending);
        Assert.InRange(run.Held, 40 - Piece, 40 + Piece);
        run.Open(1, TableSpan.Whole(new TableId(1)));
        run.PassesBarriers = true;
        run.Finish(600);
    }

    [Fact]
    public void A_small_pool_survives_losses_and_resets()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            DeliveryRun run = new(Busy(), Any, pool: random.Next(60));
            OpenAll(run);
            run.Grow(40);
            run.Run(1);
            run.Grow(100);
            run.Finish(3600);

            Fault Any(int number, Message message) =>
                number > 3000 || random.Next(100) >= 10 ? Fault.None : (Fault)random.Next(1, 5);
        }
    }

    [Fact]
    public void Bytes_that_were_lost_on_the_way_are_granted_again()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Hear(Home, new StreamBatch(1, 7, 500, [Resolved(120)]));
        test.Pass(1);
        Assert.Equal((1 << 20) + 500, test.Sent<Credit>().Single().Message.GrantedBytes);
    }

    [Fact]
    public void A_grant_is_a_total_that_grows_when_bytes_come_back()
    {
        CollectorCase test = new(Home, pool: 20);
        SessionKey key = test.OpenAtHome();
        Assert.Equal(20, test.Sent<Credit>().Single().Message.GrantedBytes);
        test.Stream(Home, Rows(key, 1, 2, 110), Rows(key, 1, 3, 120));
        Assert.Empty(test.Sent<Credit>());
        test.Tell(new RowsReleased(10));
        Assert.Equal(30, test.Sent<Credit>().Single().Message.GrantedBytes);
        test.Pass(1);
        Assert.Equal(30, test.Sent<Credit>().Single().Message.GrantedBytes);
    }

    [Fact]
    public void More_bytes_than_were_delivered_can_not_come_back()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110));
        Assert.Throws<InvalidOperationException>(() => test.Tell(new RowsReleased(11)));
    }

    [Fact]
    public void Two_services_share_the_pool()
    {
        CollectorCase test = new(Home, pool: 100);
        SessionKey one = test.OpenAtHome();
        test.Stream(Home, Rows(one, 1, 2, 110), Rows(one, 1, 3, 120));
        test.Tell(new HomeChanged(Near));
        test.Open(2);
        SessionKey second = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(second));
        test.Stream(Near, new StreamItem.Handshake(second, new(1), At(100)));
        test.Tell(new RowsReleased(20));
        long granted = test.Sent<Credit>().Single(static c => c.To == Near).Message.GrantedBytes;
        Assert.Equal(20, granted);
    }

    [Fact]
    public void What_an_earlier_service_left_beyond_the_pool_does_not_hold_up_the_next()
    {
        CollectorCase test = new(Home, pool: 20);
        SessionKey one = test.OpenAtHome();
        test.Stream(Home, Rows(one, 1, 2, 110), Rows(one, 1, 3, 120), Rows(one, 1, 4, 130), Rows(one, 1, 5, 140));
        test.Tell(new HomeChanged(Near));
        test.Open(2);
        SessionKey second = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(second));
        test.Stream(Near, new StreamItem.Handshake(second, new(1), At(100)), Rows(second, 1, 2, 110));
        test.Tell(new RowsReleased(10));
        // The piece that went beyond is back: the next may.
        Assert.Equal(10, test.Sent<Credit>().Single(static c => c.To == Near).Message.GrantedBytes);
    }

    [Fact]
    public void What_an_earlier_service_still_sends_does_not_hold_up_the_next()
    {
        CollectorCase test = new(Home, pool: 20);
        SessionKey one = test.OpenAtHome();
        test.Stream(Home, Rows(one, 1, 2, 110));
        test.Tell(new HomeChanged(Near));
        test.Open(2);
        SessionKey second = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(second));
        test.Stream(Near, new StreamItem.Handshake(second, new(1), At(100)), Rows(second, 1, 2, 110));
        test.Stream(Home, Rows(one, 1, 3, 120), Rows(one, 1, 4, 130), Rows(one, 1, 5, 140));
        test.Tell(new RowsReleased(10));
        Assert.Equal(10, test.Sent<Credit>().Last(static c => c.To == Near).Message.GrantedBytes);
    }

    static void OpenAll(DeliveryRun run)
    {
        run.Open(0, TableSpan.Whole(TableId.Trigger));
        for (long table = 1; table <= 4; table++) run.Open((ulong)table, TableSpan.Whole(new TableId(table)));
    }

    static ScriptedLog Busy()
    {
        ScriptedLog log = new(Piece);
        for (long table = 1; table <= 4; table++) log.Table(table, table < 3 ? "shop" : "bank");
        for (ulong commit = 1; commit < 100; commit++)
        {
            long table = 1 + ((long)(commit * 7) % 4);
            log.Row(commit, table, new string('x', 1 + (int)(commit % 11)));
            if (commit % 10 == 0) log.Ddl(commit, 0, table, 1 + (table % 4));
            if (commit % 33 == 0) log.Syncpoint(commit);
            if (commit % 25 == 0) log.SchemaDdl(commit + 1, "shop");
        }

        return log;
    }
}
