using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A session that nothing is missing for, at a service that is not as far yet as what was delivered.</summary>
public sealed class CaughtUpTests
{
    [Fact]
    public void It_joins_when_the_service_has_come_to_where_the_others_are()
    {
        CollectorCase test = WithSession(out SessionKey home);
        test.Stream(Home, Resolved(150, Named(home, 1, 1)));
        MovesTo(test, Near, resolved: 120);
        Assert.Empty(test.Delivered());
        test.Stream(Near, Resolved(150));
        Assert.Equal(["resolved 150 but 0"], test.Delivered());
    }

    [Fact]
    public void One_that_has_left_the_service_meanwhile_does_not_join_its_stream()
    {
        CollectorCase test = WithSession(out SessionKey home);
        test.Stream(Home, Resolved(150, Named(home, 1, 1)));
        MovesTo(test, Near, resolved: 120);
        SessionKey key = MovesTo(test, Far, resolved: 110);
        test.Stream(Near, Resolved(200));
        Assert.Empty(test.Delivered());
        test.Stream(Far, Rows(key, 3, 2, 160), Resolved(200, Named(key, 3, 2)));
        Assert.Equal(["rows 160 first last", "resolved 200 but 0"], test.Delivered());
    }

    static SessionKey MovesTo(CollectorCase test, NodeId service, ulong resolved)
    {
        test.Tell(new HomeChanged(service));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(service, new Ready(key));
        Reset reset = test.Sent<Reset>().Single().Message;
        test.Stream(
            service,
            new StreamItem.Handshake(key, reset.Epoch, reset.Start),
            Resolved(resolved, new SessionPosition(key, reset.Epoch, 1, false)));
        return key;
    }
}
