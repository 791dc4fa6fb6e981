using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>For whom the one Resolved of a collector holds, and who holds it back.</summary>
public sealed class InStepTests
{
    [Fact]
    public void A_session_that_waits_for_its_service_is_excepted_until_it_is_closed()
    {
        CollectorCase test = InStepAt(110, out _);
        test.Open(2);
        test.Stream(Home, Resolved(120));
        Assert.Equal(["resolved 120 but 1"], test.Delivered());
        Assert.Equal(Id(2), test.Last.OfType<DeliverResolved>().Single().Except.Single().Dispatcher);
        test.Tell(new CloseSession(Mode.Event, Id(2), new(1, 1)));
        test.Stream(Home, Resolved(130));
        Assert.Equal(["resolved 130 but 0"], test.Delivered());
    }

    [Fact]
    public void Sessions_of_two_modes_are_two_whatever_their_dispatchers_are_called()
    {
        CollectorCase test = InStepAt(110, out _);
        test.Open(2);
        test.Tell(new OpenSession(Mode.Redo, Id(2), new(1, 1), Span, At(100)));
        test.Stream(Home, Resolved(120));
        Assert.Equal(["resolved 120 but 2"], test.Delivered());
    }

    [Fact]
    public void The_same_list_comes_as_the_same_array()
    {
        CollectorCase test = InStepAt(110, out _);
        test.Open(2);
        test.Stream(Home, Resolved(120));
        DeliverResolved first = test.Last.OfType<DeliverResolved>().Single();
        test.Stream(Home, Resolved(130));
        Assert.True(first.Except == test.Last.OfType<DeliverResolved>().Single().Except);
    }

    [Fact]
    public void What_is_said_again_is_not_delivered_again()
    {
        CollectorCase test = InStepAt(110, out SessionKey key);
        test.Stream(Home, Resolved(110), Resolved(110, Named(key, 1, 1)));
        Assert.Empty(test.Delivered());
    }

    [Fact]
    public void A_service_whose_last_session_is_closed_holds_nobody_back_however_often_it_was_named()
    {
        CollectorCase test = InStepAt(110, out _);
        SessionKey other = AtNear(test);
        test.Stream(Near, Resolved(140, Named(other, 1, 1)), Resolved(140, Named(other, 1, 1)));
        test.Stream(Home, Resolved(170));
        Assert.Equal(["resolved 140 but 0"], test.Delivered());
        test.Tell(new CloseSession(Mode.Event, Id(2), new(1, 1)));
        test.Stream(Home, Resolved(180));
        Assert.Equal(["resolved 180 but 0"], test.Delivered());
    }

    [Fact]
    public void A_slower_service_takes_back_nothing_that_was_delivered()
    {
        CollectorCase test = InStepAt(110, out _);
        SessionKey other = AtNear(test);
        test.Stream(Near, Resolved(110, Named(other, 1, 1)));
        test.Stream(Home, Resolved(130));
        test.Stream(Near, Resolved(120));
        Assert.Equal(["resolved 120 but 0"], test.Delivered());
        test.Hear(Near, new SessionsUnknown([other]));
        test.Stream(Home, Resolved(140));
        Assert.Equal(["resolved 140 but 1"], test.Delivered());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_loses_something_while_its_service_comes_to_the_others_does_not_join(bool isNamed)
    {
        CollectorCase test = InStepAt(150, out _);
        SessionKey other = AtNear(test);
        test.Stream(Near, Resolved(120, Named(other, 1, 1)));
        test.Stream(Near, isNamed ? Resolved(130, Named(other, 1, 3)) : Rows(other, 1, 9, 140));
        Assert.Single(test.Sent<Reset>());
        test.Stream(Near, Resolved(160));
        Assert.Empty(test.Delivered());
        test.Stream(Home, Resolved(170));
        Assert.Equal(["resolved 170 but 1"], test.Delivered());
    }

    [Fact]
    public void One_that_falls_behind_again_while_its_service_comes_to_the_others_does_not_join()
    {
        CollectorCase test = InStepAt(150, out _);
        SessionKey other = AtNear(test);
        test.Stream(Near, Resolved(120, Named(other, 1, 1)));
        test.Stream(Near, Resolved(130, Named(other, 1, 1, isBehind: true)));
        test.Stream(Near, Resolved(160));
        test.Stream(Home, Resolved(170));
        Assert.Equal(["resolved 170 but 1"], test.Delivered());
    }

    [Fact]
    public void One_that_is_closed_while_its_service_comes_to_the_others_does_not_join()
    {
        CollectorCase test = InStepAt(150, out _);
        SessionKey other = AtNear(test);
        test.Stream(Near, Resolved(120, Named(other, 1, 1)));
        test.Tell(new CloseSession(Mode.Event, Id(2), new(1, 1)));
        test.Stream(Near, Resolved(160));
        test.Stream(Home, Resolved(170));
        Assert.Equal(["resolved 170 but 0"], test.Delivered());
    }

    [Fact]
    [Trait("AC", "C3")]
    public void Named_in_a_new_epoch_before_its_handshake_it_is_not_in_step_though_the_number_is_the_former_one()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), Rows(key, 1, 9, 140));
        test.Stream(Home, Resolved(150, Named(key, 2, 2)));
        Assert.Empty(test.Delivered());
        Assert.Equal(new SessionEpoch(3), test.Sent<Reset>().Single().Message.Epoch);
    }

    static CollectorCase InStepAt(ulong resolved, out SessionKey key)
    {
        CollectorCase test = WithSession(out key);
        test.Stream(Home, Resolved(resolved, Named(key, 1, 1)));
        Assert.Equal([$"resolved {resolved} but 0"], test.Delivered());
        return test;
    }

    /// <summary>A second session, at another service; the first one stays where it is.</summary>
    static SessionKey AtNear(CollectorCase test)
    {
        test.Tell(new HomeChanged(Near));
        return test.OpenAtHome(2, Near);
    }
}
