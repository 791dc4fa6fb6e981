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

    [Fact]
    [Trait("AC", "C12")]
    public void A_candidate_is_asked_again_at_the_pace_of_a_first_asking()
    {
        CollectorCase test = new(Home);
        test.Open();
        _ = SaidIn<Register>(test, seconds: 100).Count();
        test.Tell(new CandidatesOffered(Mode.Event, Id(1), [Near]));
        Assert.Equal([1, 3, 7, 15], SaidTo(test, Near, seconds: 20));
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
