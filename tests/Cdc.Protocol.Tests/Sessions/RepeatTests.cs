using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>How often what is not answered is said again.</summary>
public sealed class RepeatTests
{
    [Fact]
    [Trait("AC", "C12")]
    public void Pauses_double_from_1_s_to_10_s_and_stay_there()
    {
        CollectorCase test = new(Home);
        test.Open();
        int[] said = [.. SaidIn<Register>(test, seconds: 600)];
        Assert.Equal([1, 3, 7, 15, 25, 35], said.Take(6));
        Assert.All(said.Skip(4).Zip(said.Skip(5)), static pair => Assert.Equal(10, pair.Second - pair.First));
        Assert.Equal(62, said.Length);
    }

    [Fact]
    [Trait("AC", "C12")]
    public void Whatever_is_asked_anew_begins_with_the_shortest_pause()
    {
        CollectorCase test = new(Home);
        test.Open();
        _ = SaidIn<Register>(test, seconds: 100).Count();
        test.Tell(new HomeChanged(Near));
        SessionKey key = test.Sent<Register>().Single().Message.Session;
        Assert.Equal([1, 3, 7, 15], SaidIn<Register>(test, seconds: 20));
        test.Hear(Near, new Ready(key));
        Assert.Equal([1, 3, 7, 15], SaidIn<Reset>(test, seconds: 20));
        test.Stream(Near, new StreamItem.Handshake(key, new(1), At(100)), Rows(key, 1, 9, 140));
        Assert.Equal([1, 3, 7, 15], SaidIn<Reset>(test, seconds: 20));
    }

    [Theory]
    [InlineData("home")]
    [InlineData(null)]
    [Trait("AC", "C12")]
    public void A_candidate_is_asked_again_at_the_pace_of_a_first_asking(string? home)
    {
        CollectorCase test = new(home is null ? null : Home);
        test.Open();
        _ = SaidIn<Register>(test, seconds: 100).Count();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        Assert.Equal([1, 3, 7, 15], SaidTo(test, Near, seconds: 20));
    }

    [Fact]
    public void What_is_asked_of_one_does_not_put_off_what_another_was_asked()
    {
        CollectorCase test = new(Home);
        test.Open();
        test.Pass(0.9);
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        test.Pass(0.1);
        Assert.Contains(test.Sent<Register>(), static said => said.To == Home);
    }

    [Fact]
    public void A_session_that_is_closed_while_its_reset_is_not_answered_is_thought_of_no_more()
    {
        CollectorCase test = new(Home);
        test.Open();
        test.Hear(Home, new Ready(test.Sent<Register>().Single().Message.Session));
        test.Tell(new CloseSession(Mode.Event, Id(1), new(1, 1)));
        AssertAtRest(test);
    }

    [Fact]
    public void A_session_that_has_nobody_to_ask_waits_without_being_looked_at()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, Rows(key, 1, 9, 140));
        test.Tell(new HomeChanged(null));
        test.Hear(Home, new SessionsUnknown([key]));
        Assert.IsType<CandidatesWanted>(Assert.Single(test.Last));
        test.Pass(10);
        AssertAtRest(test);
    }

    static void AssertAtRest(CollectorCase test)
    {
        test.Pass(10);
        int before = test.Questions;
        for (int second = 0; second < 30; second++) test.Pass(1);
        Assert.Equal(before, test.Questions);
    }

    /// <summary>In which of the seconds that pass a message of the kind goes out.</summary>
    static IEnumerable<int> SaidIn<T>(CollectorCase test, int seconds) where T : Message
    {
        for (int second = 1; second <= seconds; second++)
        {
            test.Pass(1);
            foreach ((NodeId _, T _) in test.Sent<T>()) yield return second;
        }
    }

    static IEnumerable<int> SaidTo(CollectorCase test, NodeId service, int seconds)
    {
        for (int second = 1; second <= seconds; second++)
        {
            test.Pass(1);
            foreach ((NodeId to, Register _) in test.Sent<Register>())
                if (to == service) yield return second;
        }
    }
}
