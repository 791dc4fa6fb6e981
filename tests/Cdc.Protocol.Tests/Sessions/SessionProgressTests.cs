using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What a collector says to be durable, and where it has a session begin again.</summary>
public sealed class SessionProgressTests
{
    [Fact]
    public void Of_a_dispatcher_that_is_not_there_nothing_is_said_to_be_durable()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110));
        test.Pass(10);
        Assert.Equal(new SessionProgress(key, new(1), At(100)), SaidBy(test));
    }

    [Fact]
    [Trait("AC", "C11")]
    public void A_heartbeat_says_the_smaller_of_what_is_durable_and_what_came_in_this_epoch()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), Rows(key, 1, 3, 120), Rows(key, 1, 4, 130, isLast: false));
        test.Checkpoint = At(110);
        test.Pass(10);
        Assert.Equal(new SessionProgress(key, new(1), At(110)), SaidBy(test));
        test.Checkpoint = At(105);
        test.Stream(Home, Rows(key, 1, 6, 140));
        test.Pass(10);
        Assert.Equal(new SessionProgress(key, new(2), At(105)), SaidBy(test));
        test.Checkpoint = At(120);
        test.Stream(Home, new StreamItem.Handshake(key, new(2), At(105)), Rows(key, 2, 2, 110));
        test.Stream(Home, Rows(key, 2, 3, 120, isLast: false));
        test.Pass(10);
        Assert.Equal(new SessionProgress(key, new(2), At(110)), SaidBy(test));
    }

    [Fact]
    public void A_reset_that_is_not_answered_begins_at_what_has_become_durable_since_under_a_new_epoch()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), Rows(key, 1, 3, 120));
        test.Checkpoint = At(105);
        test.Stream(Home, Rows(key, 1, 6, 140));
        Assert.Equal(new Reset(key, new(2), At(105)), test.Sent<Reset>().Last().Message);
        test.Checkpoint = At(120);
        test.Pass(2);
        Assert.Equal(new Reset(key, new(3), At(120)), test.Sent<Reset>().Last().Message);
        test.Checkpoint = At(130);
        test.Hear(Home, new ResetRefused(key, new(3), "The log begins behind 125.", default));
        Assert.Equal(new Reset(key, new(4), At(130)), test.Sent<Reset>().Last().Message);
    }

    static SessionProgress SaidBy(CollectorCase test) =>
        test.Sent<SessionHeartbeat>().Single().Message.Sessions.Single();
}
