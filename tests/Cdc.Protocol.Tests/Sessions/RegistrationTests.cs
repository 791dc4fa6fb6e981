using Cdc.Protocol.Delivery;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

public sealed class RegistrationTests
{
    [Fact]
    [Trait("AC", "C4")]
    [Trait("AC", "C9")]
    public void Ready_from_home_begins_the_first_epoch_at_the_dispatchers_start()
    {
        CollectorCase test = new(Home);
        test.Open(start: 100);
        (NodeId to, Register register) = test.Sent<Register>().Single();
        Assert.Equal((Home, At(100), false), (to, register.Start, register.OnlyReuse));
        test.Hear(Home, new Ready(register.Session));
        Assert.Equal((Home, new Reset(register.Session, new(1), At(100))), test.Sent<Reset>().Single());
    }

    [Fact]
    [Trait("AC", "C4")]
    public void Ready_that_comes_twice_or_from_somebody_else_begins_nothing()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Hear(Home, new Ready(key));
        Assert.Empty(test.Last);
        test.Hear(Far, new Ready(key));
        Assert.Empty(test.Sent<Reset>());
        Assert.Equal((Far, new Unregister(key)), test.Sent<Unregister>().Single());
    }

    [Fact]
    [Trait("AC", "C4")]
    public void Candidates_are_asked_one_after_the_other_and_only_for_what_they_have()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near, Far]));
        (NodeId first, Register register) = test.Sent<Register>().Single();
        Assert.Equal((Near, true), (first, register.OnlyReuse));
        test.Pass(1);
        Assert.Equal((Near, register), test.Sent<Register>().Single());
        test.Hear(Near, new NotReusable(register.Session));
        (NodeId second, Register again) = test.Sent<Register>().Single();
        Assert.Equal((Far, true), (second, again.OnlyReuse));
        Assert.NotEqual(register.Session, again.Session);
        test.Hear(Far, new Ready(again.Session));
        Assert.Equal(Far, test.Sent<Reset>().Single().To);
    }

    [Fact]
    [Trait("AC", "C4")]
    public void With_no_candidate_left_a_session_is_unbound_and_can_be_offered_others()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new NotReusable(key));
        Assert.IsType<CandidatesWanted>(Assert.Single(test.Last));
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Far]));
        Assert.Equal(Far, test.Sent<Register>().Single().To);
    }

    [Fact]
    public void Candidates_that_are_offered_while_one_is_asked_are_not_wanted()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Far]));
        Assert.Empty(test.Last);
        test.Hear(Near, new NotReusable(key));
        Assert.IsType<CandidatesWanted>(Assert.Single(test.Last));
    }

    [Fact]
    [Trait("AC", "C4")]
    public void Not_reusable_from_home_changes_nothing_and_home_is_asked_again()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new NotReusable(key));
        Assert.Empty(test.Last);
        test.Pass(1);
        Assert.Equal(key, test.Sent<Register>().Single().Message.Session);
    }

    [Fact]
    [Trait("AC", "C5")]
    public void Once_a_candidate_is_taken_a_late_not_reusable_asks_nobody_else()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near, Far]));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(key));
        test.Hear(Near, new NotReusable(key));
        Assert.Empty(test.Sent<Register>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("AC", "C6")]
    public void Home_takes_over_and_everyone_else_is_left_once(bool isCurrent)
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey home = test.Sent<Register>().Single().Message.Session;
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near, Far]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        if (isCurrent) test.Hear(Near, new Ready(near));
        test.Hear(Home, new Ready(home));
        Assert.Equal((Near, new Unregister(near)), test.Sent<Unregister>().Single());
        Assert.Equal(Home, test.Sent<Reset>().Single().To);
        Assert.Equal(new SessionEpoch(isCurrent ? 2u : 1u), test.Sent<Reset>().Single().Message.Epoch);
    }

    [Fact]
    [Trait("AC", "C6")]
    public void A_candidate_that_is_ready_after_home_is_sent_away()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey home = test.Sent<Register>().Single().Message.Session;
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(home));
        test.Hear(Near, new Ready(near));
        Assert.Equal((Near, new Unregister(near)), test.Sent<Unregister>().Single());
        Assert.Empty(test.Sent<Reset>());
    }

    [Fact]
    [Trait("AC", "C12")]
    public void Register_and_reset_are_repeated_until_they_are_answered_and_no_longer()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Pass(1);
        Assert.Equal(key, test.Sent<Register>().Single().Message.Session);
        test.Hear(Home, new Ready(key));
        Reset reset = test.Sent<Reset>().Single().Message;
        test.Pass(1);
        Assert.Empty(test.Sent<Register>());
        Assert.Equal(reset, test.Sent<Reset>().Single().Message);
        test.Stream(Home, new StreamItem.Handshake(key, reset.Epoch, reset.Start));
        test.Pass(5);
        Assert.Empty(test.Sent<Reset>());
    }

    [Fact]
    [Trait("AC", "C12")]
    public void A_service_that_does_not_know_the_session_is_asked_again_under_another_number()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Hear(Home, new SessionsUnknown([key]));
        Register again = test.Sent<Register>().Single().Message;
        Assert.NotEqual(key, again.Session);
        test.Hear(Home, new SessionsUnknown([key]));
        Assert.Empty(test.Last);
        test.Hear(Home, new Ready(again.Session));
        Assert.Equal(new SessionEpoch(2), test.Sent<Reset>().Single().Message.Epoch);
        test.Hear(Home, new SessionsUnknown([key]));
        Assert.Empty(test.Last);
    }

    [Fact]
    [Trait("AC", "C12")]
    public void A_closed_session_takes_leave_and_hears_nothing_more()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Tell(new CloseSession(Mode.Event, Id(1), new(1, 2)));
        Assert.Empty(test.Last);
        test.Tell(new CloseSession(Mode.Event, Id(1), new(1, 1)));
        Assert.Equal((Home, new Unregister(key)), test.Sent<Unregister>().Single());
        test.Stream(Home, Rows(key, 1, 2, 110));
        Assert.Empty(test.Delivered());
        test.Hear(Home, new Ready(key));
        Assert.Equal((Home, new Unregister(key)), test.Sent<Unregister>().Single());
        test.Pass(9);
        Assert.Empty(test.Sent<Register>());
        Assert.Empty(test.Sent<Reset>());
    }

    [Fact]
    public void A_dispatcher_that_is_created_again_replaces_the_former_and_not_the_other_way_round()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Open(owner: 2, start: 150);
        Assert.Equal((Home, new Unregister(key)), test.Sent<Unregister>().Single());
        Register register = test.Sent<Register>().Single().Message;
        Assert.Equal(At(150), register.Start);
        test.Open(owner: 1);
        Assert.Empty(test.Last);
        test.Stream(Home, Rows(key, 1, 2, 160));
        Assert.Empty(test.Delivered());
    }

    [Fact]
    public void A_reset_that_is_refused_is_told_and_tried_again_later()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Hear(Home, new ResetRefused(key, new(1), "Gone.", default));
        Assert.Equal("Gone.", Assert.IsType<SessionRefused>(Assert.Single(test.Last)).Reason);
        test.Pass(9);
        Assert.Empty(test.Sent<Reset>());
        test.Pass(51);
        Assert.Single(test.Sent<Reset>());
    }

    [Fact]
    public void That_it_is_lost_for_ever_reaches_the_manager_and_that_it_is_forgotten_does_not()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Hear(Home, new ResetRefused(key, new(1), "It is lost.", FaultKind.Permanent));
        SessionRefused refused = Assert.IsType<SessionRefused>(Assert.Single(test.Last));
        Assert.Equal(
            new Protocol.Dispatching.SessionLost(Mode.Event, Id(1), new(1, 1), refused.Of.Session, At(100), "It is lost."),
            new DeliveryLink().ForManager(refused));
        Assert.Null(new DeliveryLink().ForManager(refused with { Kind = FaultKind.Transient }));
    }

    [Fact]
    public void Refused_elsewhere_a_session_goes_home()
    {
        CollectorCase test = new(Home);
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(near));
        test.Hear(Near, new ResetRefused(near, new(1), "Gone.", default));
        Assert.Contains((Near, new Unregister(near)), test.Sent<Unregister>());
        Assert.Equal(Home, test.Sent<Register>().Single().To);
        Assert.Empty(test.Last.OfType<SessionRefused>());
    }

    [Fact]
    public void A_service_whose_node_is_gone_is_left_for_home()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(near));
        test.Tell(new NodesChanged([Home]));
        Assert.Contains(test.Last, static e => e is CandidatesWanted);
        test.Tell(new HomeChanged(Home));
        Assert.Equal(Home, test.Sent<Register>().Single().To);
        test.Stream(Near, new StreamItem.Handshake(near, new(1), At(100)), Rows(near, 1, 2, 110));
        Assert.Empty(test.Delivered());
    }

    [Fact]
    public void A_later_life_of_a_service_has_all_sessions_register_again()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Hear(Home, new StreamBatch(2, 1, 0, [Resolved(200)]));
        Assert.NotEqual(key, test.Sent<Register>().Single().Message.Session);
        Assert.Empty(test.Delivered());
        test.Hear(Home, new StreamBatch(1, 2, 0, [Resolved(200, Named(key, 1, 1))]));
        Assert.Empty(test.Delivered());
    }
}
