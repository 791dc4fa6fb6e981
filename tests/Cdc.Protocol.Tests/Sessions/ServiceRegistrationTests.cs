using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Registrations and resets that a service takes, refuses, or does not know.</summary>
public sealed class ServiceRegistrationTests
{
    [Fact]
    [Trait("AC", "C12")]
    public void An_earlier_registration_changes_nothing_and_a_later_one_replaces()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x"));
        test.Grow(20);
        test.Begin(Key(1, 5), One);
        test.Hear(new Register(Key(1, 4), One, CommitTs.Zero, false));
        Assert.Empty(test.Sent<Ready>());
        test.Hear(new Unregister(Key(1, 4)));
        test.Hear(new Register(Key(1, 5), One, CommitTs.Zero, false));
        Assert.Equal(Key(1, 5), test.Sent<Ready>().Single().Message.Session);
        test.Hear(new Register(Key(1, 6), One, CommitTs.Zero, false));
        Assert.Equal(Key(1, 6), test.Sent<Ready>().Single().Message.Session);
        test.Grow(30);
        Assert.DoesNotContain(test.Lines(), static line => line.Contains("rows"));
    }

    [Fact]
    [Trait("AC", "C12")]
    public void A_registration_that_comes_again_is_answered_and_its_session_goes_on_where_it_was()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x").Row(40, 1, "y"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Grow(30);
        test.Hear(new Register(Key(1), One, CommitTs.Zero, false));
        Assert.Equal(Key(1), test.Sent<Ready>().Single().Message.Session);
        test.Grow(40);
        Assert.Equal(["d1 rows 40 #3 last"], test.Lines());
    }

    [Fact]
    public void Reuse_is_only_for_what_the_log_has()
    {
        ServiceCase test = new(new ScriptedLog { Forgotten = CommitTs.End(10) });
        test.Grow(20);
        foreach ((ulong start, bool has) in new[] { (9ul, false), (10ul, true), (20ul, true), (21ul, false) })
        {
            test.Hear(new Register(Key(start), One, CommitTs.End(start), OnlyReuse: true));
            Assert.Equal(has, test.Sent<Ready>().Any());
            Assert.Equal(!has, test.Sent<NotReusable>().Any());
            test.Hear(new Register(Key(start, 2), One, CommitTs.End(start), OnlyReuse: false));
            Assert.Single(test.Sent<Ready>());
        }
    }

    [Fact]
    public void A_reset_beyond_the_logs_beginning_is_refused_with_a_sentence()
    {
        ServiceCase test = new(new ScriptedLog { Forgotten = CommitTs.End(10) });
        test.Grow(20);
        test.Hear(new Register(Key(1), One, CommitTs.End(9), false));
        test.Hear(new Reset(Key(1), new(1), CommitTs.End(9)));
        ResetRefused refused = test.Sent<ResetRefused>().Single().Message;
        Assert.Equal((Key(1), new SessionEpoch(1)), (refused.Session, refused.Epoch));
        Assert.EndsWith("it begins behind 000000000000000A.FFFF.", refused.Reason);
        test.Log.Forgotten = CommitTs.End(9);
        test.Pass(0.1);
        test.Hear(new Reset(Key(1), new(1), CommitTs.End(9)));
        Assert.Equal(["d1 handshake s1", "resolved 20 d1#1"], test.Lines());
    }

    [Theory]
    [InlineData(9, FaultKind.Transient)]
    [InlineData(10, FaultKind.Permanent)]
    public void What_is_lost_for_ever_is_told_from_what_a_checkpoint_has_passed(ulong lost, FaultKind kind)
    {
        ServiceCase test = new(new ScriptedLog { Forgotten = CommitTs.End(10), LostUpTo = CommitTs.End(lost) });
        test.Grow(20);
        test.Hear(new Register(Key(1), One, CommitTs.End(9), false));
        test.Hear(new Reset(Key(1), new(1), CommitTs.End(9)));
        Assert.Equal(kind, test.Sent<ResetRefused>().Single().Message.Kind);
    }

    [Fact]
    [Trait("AC", "C9")]
    public void A_reset_that_comes_twice_or_late_begins_nothing_anew()
    {
        ServiceCase test = new(new ScriptedLog().Row(10, 1, "x"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Hear(new Reset(Key(1), new(3), CommitTs.Zero));
        Assert.Equal(["d1 handshake s3", "d1 rows 10 #2 last"], test.Lines());
        test.Hear(new Reset(Key(1), new(3), CommitTs.Zero));
        Assert.Empty(test.Last);
        test.Hear(new Reset(Key(1), new(2), CommitTs.Zero));
        Assert.Empty(test.Last);
    }

    [Fact]
    public void Whoever_is_not_known_is_told_so()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Hear(new Reset(Key(1, 2), new(2), CommitTs.Zero));
        Assert.Equal([Key(1, 2)], test.Sent<SessionsUnknown>().Single().Message.Sessions);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.Zero), new(Key(2), new(1), CommitTs.Zero)]));
        Assert.Equal([Key(2)], test.Sent<SessionsUnknown>().Single().Message.Sessions);
        test.Hear(new Reset(Key(1), new(2), CommitTs.Zero), Far);
        Assert.Equal(Far, test.Sent<SessionsUnknown>().Single().To);
    }
}
