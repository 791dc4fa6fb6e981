using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>How far it has come, as services say it of their sessions, and what of that counts.</summary>
public sealed class ResolvedTests
{
    [Fact]
    public void Named_before_its_handshake_it_is_not_in_step_whatever_the_number()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Stream(Home, Resolved(150, Named(key, 1, 0)));
        Assert.Empty(test.Delivered());
        Assert.Single(test.Sent<Reset>());
    }

    [Fact]
    [Trait("AC", "C1")]
    public void Resolved_holds_for_a_session_once_it_was_named_with_the_number_that_it_has()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Resolved(110));
        Assert.Empty(test.Delivered());
        test.Stream(Home, Resolved(120, Named(key, 1, 1)));
        Assert.Equal(["resolved 120 but 0"], test.Delivered());
        test.Stream(Home, Resolved(130));
        Assert.Equal(["resolved 130 but 0"], test.Delivered());
        test.Stream(Home, Resolved(140, Named(key, 1, 2)));
        Assert.Empty(test.Delivered());
        Assert.Single(test.Sent<Reset>());
    }

    [Fact]
    public void A_lost_last_event_is_revealed_and_only_its_session_resets()
    {
        CollectorCase test = WithSession(out SessionKey one);
        SessionKey other = test.OpenAtHome(2);
        test.Stream(Home, Resolved(110, Named(one, 1, 1), Named(other, 1, 1)));
        Assert.Equal(["resolved 110 but 0"], test.Delivered());
        long lost = test.NextOf(Home);
        test.StreamFrom(Home, lost + 1, Resolved(120));
        Assert.Empty(test.Delivered());
        Assert.Single(test.Sent<RestateRequest>());
        test.Stream(Home, Resolved(130));
        Assert.Empty(test.Delivered());
        test.Stream(Home, Complete(140, Named(one, 1, 2), Named(other, 1, 1)));
        Assert.Equal(["resolved 140 but 1"], test.Delivered());
        Assert.Equal(one, test.Sent<Reset>().Single().Message.Session);
    }

    [Fact]
    public void Asking_for_a_complete_statement_is_repeated_until_it_comes()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.StreamFrom(Home, 5, Resolved(120));
        Assert.Single(test.Sent<RestateRequest>());
        test.Pass(0.5);
        Assert.Single(test.Sent<RestateRequest>());
        test.Stream(Home, Complete(140, Named(key, 1, 1)));
        test.Pass(0.5);
        Assert.Empty(test.Sent<RestateRequest>());
    }

    [Fact]
    public void A_complete_statement_that_lacks_a_part_is_not_complete()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.StreamFrom(Home, 4, new StreamItem.Resolved(At(120), [], true, 1));
        Assert.Empty(test.Delivered());
        Assert.Empty(test.Sent<Register>());
        test.Stream(
            Home, new StreamItem.Positions([Named(key, 1, 1)]), new StreamItem.Resolved(At(130), [], true, 1));
        Assert.Equal(["resolved 130 but 0"], test.Delivered());
    }

    [Fact]
    public void Whom_a_complete_statement_does_not_name_registers_again()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Complete(120));
        Assert.NotEqual(key, test.Sent<Register>().Single().Message.Session);
    }

    [Fact]
    public void Whom_nobody_knows_here_is_unregistered_when_a_complete_statement_names_it()
    {
        CollectorCase test = WithSession(out SessionKey key);
        SessionKey ghost = new(Mode.Event, Id(9), 77);
        test.Stream(Home, Resolved(110, Named(ghost, 1, 1)));
        Assert.Empty(test.Sent<Unregister>());
        test.Stream(Home, Complete(120, Named(key, 1, 1), Named(ghost, 1, 1)));
        Assert.Equal(ghost, test.Sent<Unregister>().Single().Message.Session);
    }

    [Fact]
    public void A_session_that_falls_behind_has_no_resolved_until_it_has_caught_up()
    {
        CollectorCase test = WithSession(out SessionKey one);
        SessionKey other = test.OpenAtHome(2);
        test.Stream(Home, Resolved(110, Named(one, 1, 1), Named(other, 1, 1)));
        test.Stream(Home, Resolved(120, Named(one, 1, 1, isBehind: true)));
        Assert.Equal(["resolved 120 but 1"], test.Delivered());
        Assert.Equal(Id(1), test.Last.OfType<DeliverResolved>().Single().Except.Single().Dispatcher);
        test.Stream(Home, Rows(one, 1, 2, 115), Resolved(120, Named(one, 1, 2)));
        Assert.Equal(["rows 115 first last", "resolved 120 but 0"], test.Delivered());
    }

    [Fact]
    public void Of_two_services_the_one_that_is_less_far_decides()
    {
        CollectorCase test = WithSession(out SessionKey one);
        test.Stream(Home, Resolved(150, Named(one, 1, 1)));
        test.Tell(new HomeChanged(null));
        test.Open(2);
        test.Tell(new CandidatesOffered(Mode.Event, Id(2), [Near]));
        SessionKey other = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(other));
        test.Stream(Near, new StreamItem.Handshake(other, new(1), At(100)), Resolved(140, Named(other, 1, 1)));
        Assert.Empty(test.Delivered());
        test.Stream(Near, Resolved(160));
        Assert.Equal(["resolved 150 but 0"], test.Delivered());
        test.Stream(Home, Resolved(170));
        Assert.Equal(["resolved 160 but 0"], test.Delivered());
    }

    [Fact]
    public void What_others_have_passed_still_comes_to_a_session_that_is_less_far()
    {
        CollectorCase test = WithSession(out SessionKey one);
        test.Stream(Home, Resolved(150, Named(one, 1, 1)));
        test.Tell(new HomeChanged(Near));
        test.Open(2);
        SessionKey other = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(other));
        test.Stream(
            Near, new StreamItem.Handshake(other, new(1), At(100)), Resolved(140, Named(other, 1, 1)),
            Rows(other, 1, 9, 160));
        test.Stream(Near, new StreamItem.Handshake(other, new(2), At(100)), Rows(other, 2, 2, 145));
        Assert.Equal(["rows 145 first last"], test.Delivered());
    }

    [Fact]
    public void Resolved_does_not_hold_for_a_session_that_has_lost_its_service()
    {
        CollectorCase test = WithSession(out SessionKey one);
        SessionKey other = test.OpenAtHome(2);
        test.Stream(Home, Resolved(110, Named(one, 1, 1), Named(other, 1, 1)));
        test.Hear(Home, new SessionsUnknown([one]));
        test.Stream(Home, Resolved(120));
        Assert.Equal(["resolved 120 but 1"], test.Delivered());
    }

    [Fact]
    [Trait("AC", "C8")]
    public void A_resolved_that_names_an_earlier_epoch_says_nothing_of_this_one()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 9, 140));
        test.Stream(Home, new StreamItem.Handshake(key, new(2), At(100)), Resolved(150, Named(key, 1, 1)));
        Assert.Empty(test.Delivered());
        test.Stream(Home, Resolved(160, Named(key, 1, 5)));
        Assert.Empty(test.Sent<Reset>());
        test.Stream(Home, Resolved(170, Named(key, 2, 1)));
        Assert.Equal(["resolved 170 but 0"], test.Delivered());
    }

    [Fact]
    public void What_resolved_has_passed_does_not_come_after_a_reset()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Resolved(120, Named(key, 1, 1)));
        test.Stream(Home, Rows(key, 1, 9, 140));
        test.Stream(
            Home, new StreamItem.Handshake(key, new(2), At(100)), Rows(key, 2, 2, 115), Rows(key, 2, 3, 125));
        Assert.Equal(["rows 125 first last"], test.Delivered());
    }
}
