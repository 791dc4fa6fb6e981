using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What comes late, from before the session was another one, or from an earlier life of its service.</summary>
public sealed class LateAnswerTests
{
    /// <summary>The epochs of a session begin anew with every incarnation: only the registration tells them apart.
    /// </summary>
    [Fact]
    [Trait("AC", "C8")]
    public void Nothing_of_a_former_incarnation_is_taken_for_one_of_the_present()
    {
        CollectorCase test = WithSession(out SessionKey old);
        test.Open(owner: 2);
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        Assert.Equal(new SessionEpoch(1), test.Sent<Reset>().Single().Message.Epoch);
        test.Hear(Home, new ResetRefused(old, new(1), "Gone.", default));
        Assert.Empty(test.Last);
        test.Stream(
            Home, new StreamItem.Handshake(old, new(1), At(100)), Rows(old, 1, 2, 110), Ddl(old, 1, 3, 120),
            Resolved(130, Named(old, 1, 3)));
        Assert.Empty(test.Delivered());
        Assert.Empty(test.Sent<Reset>());
        test.Pass(1);
        Assert.Equal(key, test.Sent<Reset>().Single().Message.Session);
        test.Stream(Home, new StreamItem.Handshake(key, new(1), At(100)), Ddl(old, 1, 2, 120));
        Assert.Empty(test.Delivered());
        test.Stream(Home, Resolved(140, Named(old, 1, 1)));
        Assert.Empty(test.Delivered());
    }

    [Fact]
    public void The_same_incarnation_is_not_opened_twice_and_the_same_home_is_no_other_one()
    {
        CollectorCase test = new(Home);
        test.Open();
        test.Open();
        Assert.Empty(test.Last);
        test.Tell(new HomeChanged(Home));
        Assert.Empty(test.Last);
    }

    [Fact]
    [Trait("AC", "C8")]
    public void The_handshake_of_an_earlier_epoch_does_not_begin_the_present_one()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 9, 140));
        test.Stream(Home, new StreamItem.Handshake(key, new(1), At(100)));
        test.Pass(1);
        Assert.Equal(new SessionEpoch(2), test.Sent<Reset>().Single().Message.Epoch);
    }

    [Fact]
    public void A_refusal_of_an_earlier_epoch_and_one_of_what_was_served_since_are_not_told()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Hear(Home, new ResetRefused(key, new(1), "Gone.", default));
        Assert.Empty(test.Last);
        test.Stream(Home, Rows(key, 1, 9, 140));
        test.Hear(Home, new ResetRefused(key, new(1), "Gone.", default));
        Assert.Empty(test.Last);
    }

    [Fact]
    public void Where_there_is_no_home_a_candidate_that_refuses_is_kept_and_asked_again()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(near));
        test.Hear(Near, new ResetRefused(near, new(1), "Gone.", default));
        Assert.IsType<SessionRefused>(Assert.Single(test.Last));
        test.Pass(60);
        Assert.Equal(Near, test.Sent<Reset>().Single().To);
    }

    [Fact]
    public void A_reset_behind_which_something_is_lost_is_tried_again_after_10_s()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Hear(Home, new ResetRefused(key, new(1), "It is lost.", FaultKind.Permanent));
        test.Pass(9);
        Assert.Empty(test.Sent<Reset>());
        test.Pass(1);
        Assert.Single(test.Sent<Reset>());
    }

    [Fact]
    public void While_home_is_asked_already_a_candidate_that_is_lost_has_it_asked_no_second_time()
    {
        CollectorCase test = new(Home);
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        SessionKey near = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(near));
        test.Hear(Near, new SessionsUnknown([near]));
        Assert.Empty(test.Sent<Register>());
    }

    [Fact]
    public void An_earlier_life_of_a_service_is_not_listened_to_and_the_later_one_goes_on()
    {
        CollectorCase test = WithSession(out SessionKey _);
        test.Hear(Home, new StreamBatch(2, 1, 0, [Resolved(200)]));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Hear(Home, new StreamBatch(2, 2, 0, [new StreamItem.Handshake(key, new(2), At(100))]));
        test.Hear(Home, new StreamBatch(1, 3, 0, [Resolved(210)]));
        Assert.Empty(test.Last);
        test.Hear(Home, new StreamBatch(2, 3, 10, [Rows(key, 2, 2, 110), Resolved(220, Named(key, 2, 2))]));
        Assert.Equal(["rows 110 first last", "resolved 220 but 0"], test.Delivered());
    }

    [Fact]
    public void A_later_life_of_a_service_concerns_those_only_that_it_has_begun_to_send_to()
    {
        CollectorCase test = WithSession(out SessionKey first);
        test.Tell(new HomeChanged(Near));
        test.Open(2);
        SessionKey second = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new Ready(second));
        test.Hear(Home, new StreamBatch(2, 1, 0, [Resolved(200)]));
        Assert.Empty(test.Sent<Reset>());
        test.Stream(Near, new StreamItem.Handshake(second, new(1), At(100)));
        test.Hear(Home, new StreamBatch(3, 1, 0, [Resolved(200)]));
        Assert.Empty(test.Sent<Register>());
        test.Stream(Near, Rows(second, 1, 2, 110));
        Assert.Equal(["rows 110 first last"], test.Delivered());
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Whom_a_complete_statement_does_not_name_is_left_where_its_reset_is_under_way_or_it_is_elsewhere()
    {
        CollectorCase test = WithSession(out SessionKey home);
        test.Open(2);
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        test.Hear(Home, new Ready(key));
        test.Stream(Home, Complete(120, Named(home, 1, 1)));
        Assert.Empty(test.Sent<Register>());
        test.Stream(Home, new StreamItem.Handshake(key, new(1), At(100)));
        test.Stream(Far, Complete(120));
        Assert.Empty(test.Sent<Register>());
    }
}
