using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Whoever may know a session hears that it is over: else it would keep the log for an hour.</summary>
public sealed class LeaveTests
{
    [Fact]
    [Trait("AC", "C12")]
    public void A_session_that_is_closed_while_it_asks_takes_leave_of_everyone_asked()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey home = test.Sent<Register>().Single().Message.Session;
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        test.Tell(new CloseSession(Mode.Event, Id(1), new(1, 1)));
        Assert.Equal([(Home, new Unregister(home)), (Near, new Unregister(near))], test.Sent<Unregister>());
        test.Hear(Near, new NotReusable(near));
        test.Hear(Home, new ResetRefused(home, new(1), "Gone.", default));
        Assert.Empty(test.Last);
        test.Pass(20);
        Assert.Empty(test.Last);
    }

    [Fact]
    public void A_home_that_is_asked_and_no_longer_home_is_left_at_once_and_one_that_serves_when_the_new_one_does()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey home = test.Sent<Register>().Single().Message.Session;
        test.Tell(new HomeChanged(Near));
        Assert.Equal((Home, new Unregister(home)), test.Sent<Unregister>().Single());
        (NodeId to, Register register) = test.Sent<Register>().Single();
        Assert.Equal(Near, to);
        test.Hear(Near, new Ready(register.Session));
        test.Tell(new HomeChanged(Far));
        Assert.Empty(test.Sent<Unregister>());
        test.Hear(Far, new Ready(test.Sent<Register>().Single().Message.Session));
        Assert.Equal((Near, new Unregister(register.Session)), test.Sent<Unregister>().Single());
    }

    [Fact]
    public void What_is_said_of_a_session_that_is_not_here_changes_nothing()
    {
        CollectorCase test = new(Home);
        test.Tell(new CloseSession(Mode.Event, Id(1), new(1, 1)));
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        Assert.Empty(test.Last);
        SessionKey key = test.OpenAtHome(2) with { Dispatcher = Id(1) };
        test.Stream(Home, Ddl(key, 1, 2, 110));
        Assert.Empty(test.Last);
    }

    /// <summary>The close of a former incarnation may come late, that of a later one early.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public void Only_the_incarnation_that_is_open_can_be_closed(ulong owner)
    {
        CollectorCase test = new(Home);
        test.Open(owner: 5);
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Tell(new CloseSession(Mode.Event, Id(1), new(1, owner)));
        Assert.Empty(test.Last);
        test.Hear(Home, new Ready(key));
        Assert.Single(test.Sent<Reset>());
    }

    [Fact]
    public void What_no_service_says_and_what_another_one_says_is_not_listened_to()
    {
        CollectorCase test = WithSession(out SessionKey key);
        StreamItem[] items = [Rows(key, 1, 2, 110)];
        test.Tell(new Received(Party.Collector(Home), new StreamBatch(1, 2, 10, [.. items])));
        Assert.Empty(test.Last);
        test.Stream(Far, items);
        Assert.Empty(test.Delivered());
        test.Hear(Far, new SessionsUnknown([key]));
        Assert.Empty(test.Sent<Register>());
        test.Stream(Home, items);
        Assert.Equal(["rows 110 first last"], test.Delivered());
    }
}
