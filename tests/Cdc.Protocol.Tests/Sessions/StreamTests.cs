using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

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
    public void Of_a_dispatcher_that_is_not_there_nothing_is_said_to_be_durable()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110));
        test.Pass(10);
        Assert.Equal(
            new SessionProgress(key, new(1), At(100)), test.Sent<SessionHeartbeat>().Single().Message.Sessions.Single());
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

    [Fact]
    public void A_step_that_is_followed_by_another_before_its_end_resets()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110, isLast: false), Rows(key, 1, 3, 120));
        Assert.Equal(["rows 110 first"], test.Delivered());
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
    public void An_item_that_comes_again_is_not_taken_again()
    {
        CollectorCase test = WithSession(out SessionKey key);
        long first = test.NextOf(Home);
        test.Stream(Home, Rows(key, 1, 2, 110), Resolved(110, Named(key, 1, 2)), Rows(key, 1, 3, 115));
        test.StreamFrom(Home, first, Rows(key, 1, 2, 110), Resolved(110, Named(key, 1, 2)));
        Assert.Empty(test.Last);
    }

    [Fact]
    [Trait("AC", "C11")]
    public void A_heartbeat_says_the_smaller_of_what_is_durable_and_what_came_in_this_epoch()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 2, 110), Rows(key, 1, 3, 120), Rows(key, 1, 4, 130, isLast: false));
        test.Checkpoint = At(110);
        test.Pass(10);
        Assert.Equal(
            new SessionProgress(key, new(1), At(110)), test.Sent<SessionHeartbeat>().Single().Message.Sessions.Single());
        test.Checkpoint = At(105);
        test.Stream(Home, Rows(key, 1, 6, 140));
        test.Pass(10);
        Assert.Equal(
            new SessionProgress(key, new(2), At(105)), test.Sent<SessionHeartbeat>().Single().Message.Sessions.Single());
        test.Checkpoint = At(120);
        test.Stream(Home, new StreamItem.Handshake(key, new(2), At(105)), Rows(key, 2, 2, 110));
        test.Stream(Home, Rows(key, 2, 3, 120, isLast: false));
        test.Pass(10);
        Assert.Equal(
            new SessionProgress(key, new(2), At(110)), test.Sent<SessionHeartbeat>().Single().Message.Sessions.Single());
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
}
