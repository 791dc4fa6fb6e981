using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What a service says of how far its sessions are, and of whom.</summary>
public sealed class ServiceResolvedTests
{
    [Fact]
    public void A_session_without_news_is_not_named_and_nothing_new_is_not_said()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 2, "x"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Begin(Key(2), Two);
        test.Pass(0.1);
        test.Pass(0.1);
        Assert.Empty(test.Last);
        test.Grow(25);
        Assert.Equal(["resolved 25"], test.Lines());
        test.Pass(0.1);
        test.Grow(30);
        Assert.Equal(["d2 rows 30 #2 last", "resolved 30 d2#2"], test.Lines());
    }

    [Fact]
    public void Resolved_comes_at_most_every_20_ms_and_then_for_all_that_happened()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x").Row(40, 1, "y"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Pass(0.1);
        test.Pass(0.1);
        test.Grow(30);
        Assert.Equal(["d1 rows 30 #2 last", "resolved 30 d1#2"], test.Lines());
        test.Grow(40);
        Assert.Equal(["d1 rows 40 #3 last"], test.Lines());
        test.Pass(0.02);
        Assert.Equal(["resolved 40 d1#3"], test.Lines());
    }

    [Fact]
    public void A_session_without_credit_is_named_as_behind_and_the_others_go_on()
    {
        ServiceCase test = new(new ScriptedLog(100).Row(30, 1, new string('x', 80)).Row(31, 1, new string('y', 80)));
        test.Grow(20);
        test.Hear(new Register(Key(1), One, CommitTs.Zero, false));
        test.Hear(new Reset(Key(1), new(1), CommitTs.Zero));
        test.Hear(new Register(Key(2), Two, CommitTs.Zero, false));
        test.Hear(new Reset(Key(2), new(1), CommitTs.Zero));
        test.Pass(0.1);
        test.Pass(0.1);
        test.Grow(40);
        Assert.Equal(["d1 rows 30 #2 last", "resolved 40 d1#2-"], test.Lines());
        test.Pass(0.1);
        Assert.Empty(test.Last);
        test.Hear(new Credit(2, 1000));
        Assert.Empty(test.Last);
        test.Hear(new Credit(1, 80));
        Assert.Equal(["d1 rows 31 #3 last", "resolved 40 d1#3"], test.Lines());
    }

    [Fact]
    public void Once_a_session_is_forgotten_no_resolved_goes_to_its_collector_that_does_not_name_all()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(40);
        test.Begin(Key(1), One, start: 10);
        test.Begin(Key(2), Two, start: 20);
        test.Pass(3590.5);
        test.Hear(new SessionHeartbeat([new(Key(1), new(1), CommitTs.End(30))]));
        test.Pass(9.5);
        test.Pass(0.5);
        StreamItem.Resolved said = Assert.Single(test.Items().OfType<StreamItem.Resolved>());
        Assert.True(said.IsComplete);
        Assert.Equal([Key(1)], said.Sent.Select(static position => position.Session));
    }

    [Fact]
    public void A_complete_statement_comes_by_itself_and_when_it_is_asked_for_and_in_parts_where_it_is_large()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(20);
        for (ulong number = 1; number <= 15_000; number++) test.Begin(Key(number), One);
        test.Pass(0.1);
        test.Hear(new RestateRequest(2));
        test.Pass(0.1);
        Assert.Empty(test.Last);
        test.Hear(new RestateRequest(1));
        Assert.Equal(15_000, CompleteIn(test));
        test.Pass(3.4);
        Assert.Empty(test.Items());
        test.Pass(0.2);
        Assert.Equal(15_000, CompleteIn(test));
        Assert.Equal(2, test.Sent<StreamBatch>().Count());
    }

    [Fact]
    public void Ten_thousand_idle_sessions_cost_one_item()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x"));
        test.Grow(20);
        test.Begin(Key(1), One);
        for (ulong number = 2; number <= 10_000; number++)
            test.Begin(Key(number), TableSpan.Whole(new TableId((long)number)));
        test.Pass(0.1);
        test.Pass(0.1);
        test.Grow(30);
        Assert.Equal(["d1 rows 30 #2 last", "resolved 30 d1#2"], test.Lines());
    }

    static int CompleteIn(ServiceCase test)
    {
        StreamItem.Resolved resolved = test.Items().OfType<StreamItem.Resolved>().Single();
        List<StreamItem.Positions> parts = [.. test.Items().OfType<StreamItem.Positions>()];
        Assert.True(resolved.IsComplete);
        Assert.Equal(parts.Count, resolved.Parts);
        return resolved.Sent.Length + parts.Sum(static p => p.Sent.Length);
    }
}
