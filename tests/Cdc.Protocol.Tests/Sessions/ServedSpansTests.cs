using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Which sessions something new of the log is for, and whom it costs nothing.</summary>
public sealed class ServedSpansTests
{
    [Fact]
    public void The_span_of_all_tables_gets_the_rows_of_each_and_is_not_read_for_when_there_are_none()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x").Row(31, 2, "y"));
        test.Grow(20);
        test.Begin(Key(1), TableSpan.Everything);
        test.Grow(40);
        Assert.Equal(["d1 rows 30 #2 last", "d1 rows 31 #3 last"], test.Lines().Take(2));
        int reads = test.Log.Reads;
        test.Grow(50);
        Assert.Equal(reads, test.Log.Reads);
    }

    [Fact]
    public void A_schemas_event_goes_to_the_tables_that_are_in_it_just_before()
    {
        ScriptedLog log = new ScriptedLog().Table(1, "shop").Table(2, "bank").SchemaDdl(30, "shop");
        log.Table(1, null, since: 30).Table(2, "shop", since: 30);
        ServiceCase test = new(log);
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Begin(Key(2), Two);
        test.Grow(40);
        Assert.Equal(["d1 block 30 #2"], test.Lines().Where(static line => line.Contains("block")));
    }

    [Fact]
    public void A_session_that_begins_further_on_than_the_service_gets_nothing_that_lies_before()
    {
        ServiceCase test = new(new ScriptedLog().Row(25, 1, "x").Row(27, 1, "y").Row(35, 1, "z"));
        test.Grow(20);
        test.Begin(Key(1), One, start: 30);
        test.Grow(26);
        test.Grow(28);
        test.Grow(40);
        Assert.Equal(["d1 rows 35 #2 last"], test.Lines().Where(static line => line.Contains("rows")));
        Assert.DoesNotContain(test.Trace, static item => item is StreamItem.Rows { At.Commit: < 30 });
    }

    [Fact]
    public void What_the_source_says_again_as_it_was_is_not_looked_up()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x"));
        test.Grow(30);
        test.Begin(Key(1), One);
        test.Pass(0.1);
        int reads = test.Log.Reads;
        test.Tell(new LogGrew(CommitTs.End(30), [new TableId(1)]));
        Assert.Equal(reads, test.Log.Reads);
    }

    [Fact]
    public void A_collector_without_a_session_is_sent_nothing()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Hear(new Unregister(Key(1)));
        Assert.Empty(test.Items());
        test.Pass(5);
        Assert.Empty(test.Items());
        test.Grow(40);
        Assert.Empty(test.Items());
    }

    [Fact]
    public void Who_is_no_collector_is_not_listened_to()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Tell(new Received(Party.EventService(Near), new Register(Key(1), One, CommitTs.Zero, false)));
        Assert.Empty(test.Last);
    }
}
