using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Services that may have the events already: who is asked, and what a late answer is worth.</summary>
public sealed class CandidateTests
{
    [Fact]
    [Trait("AC", "C5")]
    public void An_answer_that_comes_again_does_not_pass_over_the_candidate_that_is_asked_now()
    {
        CollectorCase test = new();
        test.Open();
        SessionKey near = Offer(test, Near, Far);
        test.Hear(Near, new NotReusable(near));
        SessionKey far = test.Sent<Register>().Single().Message.Session;
        test.Hear(Near, new NotReusable(near));
        Assert.Empty(test.Last);
        test.Hear(Far, new Ready(far));
        Assert.Equal(Far, test.Sent<Reset>().Single().To);
    }

    [Fact]
    [Trait("AC", "C5")]
    public void An_answer_to_an_earlier_asking_is_none_to_the_later_one_of_the_same_candidate()
    {
        CollectorCase test = new();
        test.Open();
        SessionKey first = Offer(test, Near);
        test.Hear(Near, new NotReusable(first));
        SessionKey second = Offer(test, Near);
        Assert.NotEqual(first, second);
        test.Hear(Near, new NotReusable(first));
        Assert.Empty(test.Last);
        test.Hear(Near, new Ready(second));
        Assert.Equal(second, test.Sent<Reset>().Single().Message.Session);
    }

    [Fact]
    public void Candidates_that_are_offered_to_a_session_with_a_service_are_not_kept_for_later()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        Assert.Empty(test.Last);
        test.Hear(Home, new SessionsUnknown([key]));
        Assert.Equal(Home, test.Sent<Register>().Single().To);
    }

    [Fact]
    public void Once_home_serves_the_candidates_that_were_not_asked_yet_are_not_asked_any_more()
    {
        CollectorCase test = new(Home);
        test.Open();
        SessionKey home = test.Sent<Register>().Single().Message.Session;
        Offer(test, Near, Far);
        test.Hear(Home, new Ready(home));
        test.Hear(Home, new SessionsUnknown([home]));
        Assert.Equal(Home, test.Sent<Register>().Single().To);
    }

    [Fact]
    public void Once_one_serves_the_others_are_not_asked_when_it_is_lost_but_wanted_anew()
    {
        CollectorCase test = new();
        test.Open();
        SessionKey near = Offer(test, Near, Far);
        test.Hear(Near, new Ready(near));
        test.Hear(Near, new SessionsUnknown([near]));
        Assert.IsType<CandidatesWanted>(Assert.Single(test.Last));
    }

    [Fact]
    public void Home_is_no_candidate()
    {
        CollectorCase test = new(Home);
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Home]));
        Assert.Empty(test.Last);
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Home, Near]));
        Assert.Equal(Near, test.Sent<Register>().Single().To);
    }

    /// <summary>Else whoever offers what there is would be asked again at once, and without end.</summary>
    [Fact]
    public void Whoever_is_offered_nobody_does_not_want_others_at_once()
    {
        CollectorCase test = new();
        test.Open();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), []));
        Assert.Empty(test.Last);
    }

    [Fact]
    public void A_candidate_whose_node_is_gone_is_passed_over_and_not_asked_again()
    {
        CollectorCase test = new();
        test.Open();
        Offer(test, Near, Far);
        test.Tell(new NodesChanged([Home, Far]));
        Assert.Equal(Far, test.Sent<Register>().Single().To);
        test.Tell(new NodesChanged([Home, Far]));
        Assert.Empty(test.Last);
        test.Tell(new NodesChanged([Home]));
        Assert.IsType<CandidatesWanted>(Assert.Single(test.Last));
        test.Pass(20);
        Assert.Empty(test.Sent<Register>());
    }

    static SessionKey Offer(CollectorCase test, params NodeId[] services)
    {
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [.. services]));
        return test.Sent<Register>().Single().Message.Session;
    }
}
