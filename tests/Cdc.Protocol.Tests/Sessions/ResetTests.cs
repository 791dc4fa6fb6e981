using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A session that is reset, or registered anew, while it waits for credit in the middle of a step.</summary>
public sealed class ResetTests
{
    readonly ServiceCase _test = new(new ScriptedLog().Row(10, 1, "twelve bytes").Row(20, 1, "x"));

    public ResetTests()
    {
        _test.Grow(20);
        _test.Hear(new Register(Key(1), One, CommitTs.End(5), false));
        _test.Hear(new Reset(Key(1), new(1), CommitTs.End(5)));
        Assert.Equal(["d1 handshake s1", "d1 rows 10 #2"], _test.Lines().Take(2));
    }

    [Fact]
    [Trait("AC", "C9")]
    public void The_step_comes_again_from_its_first_piece()
    {
        _test.Hear(new Reset(Key(1), new(2), CommitTs.End(5)));
        _test.Hear(new Credit(1, 100));
        Assert.Equal(
            ["d1 handshake s2", "d1 rows 10 #2", "d1 rows 10 #3", "d1 rows 10 #4 last", "d1 rows 20 #5 last"],
            _test.Trace.SkipWhile(static item => item is not StreamItem.Handshake { Epoch.Value: 2 })
                .Where(static item => item is not StreamItem.Resolved).Select(LineOf));
    }

    [Fact]
    public void Its_epoch_begins_with_a_piece_beyond_the_credit()
    {
        _test.Hear(new Reset(Key(1), new(2), CommitTs.End(5)));
        Assert.Equal(["d1 handshake s2", "d1 rows 10 #2"], _test.Lines().Take(2));
    }

    [Fact]
    public void A_former_registration_gets_nothing_more()
    {
        _test.Hear(new Register(Key(1, 2), One, CommitTs.End(5), false));
        _test.Hear(new Credit(1, 100));
        _test.Grow(30);
        Assert.Single(_test.Trace.OfType<StreamItem.Rows>());
    }

    [Fact]
    public void A_grant_that_comes_late_takes_nothing_back()
    {
        _test.Hear(new Credit(1, 100));
        _test.Hear(new Credit(1, 1));
        _test.Log.Row(30, 1, "four").Row(31, 1, "more");
        _test.Grow(40);
        Assert.Equal(["d1 rows 30 #6 last", "d1 rows 31 #7 last"], _test.Lines().Take(2));
    }

    [Fact]
    [Trait("AC", "C11")]
    public void The_log_keeps_what_it_has_not_been_sent_again_whatever_was_said_to_be_durable_before()
    {
        _test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(15))]));
        _test.Pass(10);
        Assert.Contains(new Protocol.Sessions.SessionsNeed(CommitTs.End(5)), _test.Last);
        _test.Pass(10);
        Assert.Empty(_test.Last.OfType<Protocol.Sessions.SessionsNeed>());
        _test.Hear(new Credit(1, 12));
        _test.Log.Row(30, 1, "four").Row(31, 1, "more");
        _test.Grow(40);
        _test.Pass(10);
        Assert.Contains(new Protocol.Sessions.SessionsNeed(CommitTs.End(15)), _test.Last);
    }

    [Fact]
    public void A_reset_is_a_sign_of_life()
    {
        _test.Pass(1800);
        _test.Hear(new Reset(Key(1), new(2), CommitTs.End(5)));
        _test.Pass(1800);
        _test.Pass(10);
        _test.Hear(new Reset(Key(1), new(3), CommitTs.End(5)));
        Assert.Empty(_test.Sent<SessionsUnknown>());
    }
}
