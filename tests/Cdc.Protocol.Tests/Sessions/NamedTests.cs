using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Whom a service names in a Resolved, and when in one that names all.</summary>
public sealed class NamedTests
{
    [Fact]
    public void Who_was_behind_for_anothers_want_of_credit_is_named_again_when_nothing_was_there_for_it()
    {
        TableSpan low = new(new TableId(1), 0, 1UL << 31), high = new(new TableId(1), 1U << 31, TableSpan.HashEnd);
        ServiceCase test = new(new ScriptedLog().Row(25, 1, "twelve bytes", 5).Row(30, 1, "x", 5));
        test.Grow(20);
        test.Hear(new Register(Key(1), low, CommitTs.Zero, false));
        test.Hear(new Reset(Key(1), new(1), CommitTs.Zero));
        test.Hear(new Register(Key(2), high, CommitTs.Zero, false));
        test.Hear(new Reset(Key(2), new(1), CommitTs.Zero));
        test.Pass(0.1);
        test.Pass(0.1);
        test.Grow(26);
        Assert.Equal(["d1 rows 25 #2", "resolved 26 d1#2- d2#1"], test.Lines());
        test.Pass(0.1);
        test.Grow(40);
        Assert.Equal(["resolved 40 d2#1-"], test.Lines());
        test.Pass(0.1);
        test.Hear(new Credit(1, 100));
        Assert.Equal(
            ["d1 rows 25 #3", "d1 rows 25 #4 last", "d1 rows 30 #5 last", "resolved 40 d1#5 d2#1"], test.Lines());
    }

    [Fact]
    public void Who_has_gone_or_has_not_begun_is_not_named()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Pass(0.1);
        test.Begin(Key(2), Two);
        test.Begin(Key(3), Two);
        test.Hear(new Unregister(Key(3)));
        test.Hear(new Register(Key(4), Two, CommitTs.Zero, false));
        test.Pass(0.1);
        Assert.Equal(["resolved 20 d2#1"], test.Lines());
        test.Hear(new RestateRequest(1));
        test.Pass(0.1);
        Assert.Equal(["resolved 20 d1#1 d2#1"], test.Lines());
    }

    [Fact]
    public void A_statement_of_all_comes_after_2_s_also_where_there_is_always_news()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(20);
        test.Begin(Key(1), One);
        List<int> complete = [];
        for (int tick = 1; tick <= 50; tick++)
        {
            test.Pass(0.1);
            if (test.Items().OfType<StreamItem.Resolved>().Any(static said => said.IsComplete)) complete.Add(tick);
            test.Grow(20 + (ulong)tick);
        }

        Assert.Equal([21, 42], complete);
    }

    [Fact]
    public void Once_a_session_begins_anew_for_what_was_forgotten_the_next_statement_is_of_all()
    {
        ServiceCase test = new(new ScriptedLog().Row(25, 1, "abcdef"));
        test.Grow(40);
        test.Hear(new Register(Key(2), Two, CommitTs.End(40), false));
        test.Hear(new Reset(Key(2), new(1), CommitTs.End(40)));
        test.Hear(new Register(Key(1), One, CommitTs.End(20), false));
        test.Hear(new Reset(Key(1), new(1), CommitTs.End(20)));
        test.Pass(0.1);
        Assert.Equal(["resolved 40 d2#1 d1#2-"], test.Lines());
        test.Log.Forgotten = CommitTs.End(30);
        test.Pass(0.1);
        Assert.Equal([Key(1)], test.Sent<SessionsUnknown>().Single().Message.Sessions);
        StreamItem.Resolved said = Assert.Single(test.Items().OfType<StreamItem.Resolved>());
        Assert.True(said.IsComplete);
        Assert.Equal([Key(2)], said.Sent.Select(static position => position.Session));
    }
}
