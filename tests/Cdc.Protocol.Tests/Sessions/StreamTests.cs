using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What a stream brings is handed over in order and once, whatever was lost, cut or sent again.</summary>
public sealed class StreamTests
{
    [Fact]
    [Trait("AC", "C1")]
    [Trait("AC", "C3")]
    public void Items_in_order_are_handed_over_and_a_gap_resets_at_the_checkpoint()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), Ddl(key, 1, 3, 120));
        Assert.Equal(["rows 110 first last", "block 120"], test.Delivered());
        test.Checkpoint = At(110);
        test.Stream(Home, Rows(key, 1, 5, 130));
        Assert.Empty(test.Delivered());
        Assert.Equal(new Reset(key, new(2), At(110)), test.Sent<Reset>().Single().Message);
    }

    [Fact]
    [Trait("AC", "C1")]
    public void Nothing_is_taken_before_the_handshake()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Stream(Home, Rows(key, 1, 1, 110));
        Assert.Empty(test.Delivered());
        Assert.Equal(new SessionEpoch(2), test.Sent<Reset>().Single().Message.Epoch);
    }

    [Fact]
    public void A_handshake_that_comes_again_changes_nothing()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), new StreamItem.Handshake(key, new(1), At(100)), Rows(key, 1, 3, 120));
        Assert.Equal(["rows 110 first last", "rows 120 first last"], test.Delivered());
        Assert.Empty(test.Sent<Reset>());
    }

    [Fact]
    public void An_item_that_comes_again_is_not_taken_again()
    {
        CollectorCase test = WithSession(out SessionKey key);
        long first = test.NextOf(Home);
        test.Stream(Home, Rows(key, 1, 2, 110), Resolved(110, Named(key, 1, 2)), Rows(key, 1, 3, 115));
        test.StreamFrom(Home, first, Rows(key, 1, 2, 110), Resolved(110, Named(key, 1, 2)));
        Assert.Empty(test.Last);
    }

    [Fact]
    public void A_step_that_is_followed_by_another_before_its_end_resets()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110, isLast: false), Rows(key, 1, 3, 120));
        Assert.Equal(["rows 110 first"], test.Delivered());
        Assert.Single(test.Sent<Reset>());
    }

    [Fact]
    [Trait("AC", "C8")]
    public void What_carries_an_earlier_epoch_is_dropped()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 4, 110));
        test.Stream(Home, new StreamItem.Handshake(key, new(1), At(100)), Rows(key, 1, 2, 110));
        Assert.Empty(test.Delivered());
        Assert.Empty(test.Sent<Reset>());
        test.Stream(Home, new StreamItem.Handshake(key, new(2), At(100)), Rows(key, 2, 2, 110));
        Assert.Equal(["rows 110 first last"], test.Delivered());
    }

    [Fact]
    [Trait("AC", "C2")]
    [Trait("AC", "C3")]
    [Trait("AC", "C8")]
    public void After_a_reset_what_was_handed_over_whole_does_not_come_again()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), Ddl(key, 1, 3, 120), Rows(key, 1, 4, 130, isLast: false));
        test.Stream(Home, Rows(key, 1, 6, 140));
        test.Stream(
            Home, new StreamItem.Handshake(key, new(2), At(100)), Rows(key, 2, 2, 110), Ddl(key, 2, 3, 120),
            Rows(key, 2, 4, 130, isLast: false), Rows(key, 2, 5, 130));
        Assert.Equal(["rows 130 first", "rows 130 last"], test.Delivered());
    }

    [Fact]
    [Trait("AC", "C2")]
    public void The_last_step_that_came_does_not_come_again_unless_it_was_cut_in_two()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110, isLast: false), Rows(key, 1, 3, 110));
        test.Stream(Home, Rows(key, 1, 9, 140));
        test.Stream(
            Home, new StreamItem.Handshake(key, new(2), At(100)), Rows(key, 2, 2, 110, isLast: false),
            Rows(key, 2, 3, 110), Rows(key, 2, 4, 120, isLast: false), Rows(key, 2, 9, 140));
        Assert.Equal(["rows 120 first"], test.Delivered());
        test.Stream(Home, new StreamItem.Handshake(key, new(3), At(100)), Rows(key, 3, 2, 120));
        Assert.Equal(["rows 120 first last"], test.Delivered());
    }
}
