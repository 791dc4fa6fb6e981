using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What sessions need of the log, and what becomes of one that needs what is forgotten.</summary>
public sealed class LogNeedTests
{
    [Fact]
    [Trait("AC", "C11")]
    public void The_log_may_forget_what_no_session_needs()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(40);
        test.Begin(Key(1), One, start: 10);
        test.Begin(Key(2), Two, start: 20);
        test.Pass(10);
        Assert.Contains(new SessionsNeed(CommitTs.End(10)), test.Last);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(30))]));
        test.Pass(10);
        Assert.Contains(new SessionsNeed(CommitTs.End(20)), test.Last);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(25))]));
        test.Hear(new Unregister(Key(2)));
        test.Pass(10);
        Assert.Contains(new SessionsNeed(CommitTs.End(30)), test.Last);
    }

    [Fact]
    public void A_session_that_has_nothing_keeps_nothing_in_the_log()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 2, "x"));
        test.Grow(20);
        test.Begin(Key(1), One, start: 10);
        test.Grow(40);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(40))]));
        test.Pass(10);
        Assert.Contains(new SessionsNeed(CommitTs.End(40)), test.Last);
        test.Log.Forgotten = CommitTs.End(40);
        test.Log.Row(50, 1, "y");
        test.Pass(0.1);
        test.Grow(60);
        Assert.Equal(["d1 rows 50 #2 last", "resolved 60 d1#2"], test.Lines());
    }

    [Fact]
    public void A_step_that_is_forgotten_while_it_is_sent_again_has_its_session_begin_anew()
    {
        ServiceCase test = new(new ScriptedLog().Row(25, 1, "abcdef").Row(35, 1, "ghijkl"));
        test.Grow(40);
        test.Hear(new Register(Key(1), One, CommitTs.End(20), false));
        test.Hear(new Reset(Key(1), new(1), CommitTs.End(20)));
        Assert.Equal(["d1 handshake s1", "d1 rows 25 #2"], test.Lines().Take(2));
        test.Log.Forgotten = CommitTs.End(30);
        test.Hear(new Credit(1, 100));
        Assert.Empty(test.Items().OfType<StreamItem.Rows>());
        Assert.Equal([Key(1)], test.Sent<SessionsUnknown>().Single().Message.Sessions);
        test.Begin(Key(1, 2), One, start: 30);
        Assert.Equal(
            ["d1 handshake s1", "d1 rows 35 #2", "d1 rows 35 #3 last"],
            test.Lines().Where(static line => line.StartsWith('d')));
    }

    [Fact]
    public void A_session_without_a_heartbeat_for_an_hour_is_forgotten()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(40);
        test.Begin(Key(1), One, start: 10);
        test.Begin(Key(2), Two, start: 20);
        test.Pass(1800);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(30))]));
        test.Pass(1799);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(30))]));
        Assert.Empty(test.Sent<SessionsUnknown>());
        test.Pass(10);
        Assert.Contains(new SessionsNeed(CommitTs.End(30)), test.Last);
        test.Hear(new SessionHeartbeat([new(Key(2), new(1), CommitTs.End(30))]));
        Assert.Equal([Key(2)], test.Sent<SessionsUnknown>().Single().Message.Sessions);
    }
}
