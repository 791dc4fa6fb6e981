using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Complete statements that come in parts, and how often one is asked for.</summary>
public sealed class StatementTests
{
    [Fact]
    public void A_part_from_before_a_gap_does_not_complete_a_statement_from_behind_it()
    {
        CollectorCase test = WithSession(out SessionKey key);
        test.Stream(Home, new StreamItem.Positions([Named(key, 1, 1)]));
        test.StreamFrom(Home, test.NextOf(Home) + 2, new StreamItem.Resolved(At(130), [], true, 1));
        Assert.Empty(test.Delivered());
        Assert.Single(test.Sent<RestateRequest>());
    }

    [Fact]
    public void The_parts_of_one_statement_are_none_of_the_next()
    {
        CollectorCase test = WithSession(out SessionKey key);
        for (long number = 1; number < 4; number++)
        {
            ulong at = 100 + (10 * (ulong)number);
            test.StreamFrom(
                Home, test.NextOf(Home) + 1, new StreamItem.Positions([Named(key, 1, number)]),
                new StreamItem.Resolved(At(at), [], true, 1));
            Assert.Equal([$"resolved {at} but 0"], test.Delivered());
            test.Stream(Home, Rows(key, 1, number + 1, at + 1), Resolved(at + 2, Named(key, 1, number + 1)));
            Assert.Empty(test.Sent<Reset>());
        }
    }

    [Fact]
    public void One_is_asked_for_at_most_every_500_ms()
    {
        CollectorCase test = WithSession(out SessionKey _);
        test.StreamFrom(Home, test.NextOf(Home) + 1, Resolved(120));
        Assert.Single(test.Sent<RestateRequest>());
        test.Stream(Home, Resolved(130));
        test.Pass(0.4);
        Assert.Empty(test.Sent<RestateRequest>());
        test.Pass(0.1);
        Assert.Single(test.Sent<RestateRequest>());
    }
}
