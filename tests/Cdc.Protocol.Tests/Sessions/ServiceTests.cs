using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using Cdc.Protocol.Tests.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What a service sends to a session: steps, block events, and batches that are not too large.</summary>
public sealed class ServiceTests
{
    [Fact]
    [Trait("AC", "C1")]
    public void A_session_gets_its_handshake_its_steps_and_then_resolved_with_its_last_number()
    {
        ServiceCase test = new(new ScriptedLog().Row(10, 1, "abcdef").Row(11, 2, "x").Ddl(12, 1).Row(13, 1, "y"));
        test.Grow(20);
        test.Hear(new Register(Key(1), One, CommitTs.Zero, false));
        Assert.Equal((Near, new Ready(Key(1))), test.Sent<Ready>().Single());
        test.Hear(new Credit(1, 100));
        test.Pass(0.1);
        test.Hear(new Reset(Key(1), new(1), CommitTs.Zero));
        Assert.Equal(
            ["d1 handshake s1", "d1 rows 10 #2", "d1 rows 10 #3 last", "d1 block 12 #4", "d1 rows 13 #5 last",
                "resolved 20 d1#5"],
            test.Lines());
    }

    [Fact]
    public void What_the_source_sends_again_is_not_sent_again()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Grow(30);
        test.Pass(3);
        test.Tell(new LogGrew(CommitTs.End(25), [new TableId(1)]));
        Assert.Empty(test.Items());
        test.Pass(3);
        Assert.All(test.Lines(), static line => Assert.StartsWith("resolved 30", line));
        test.Grow(40);
        test.Pass(0.1);
        Assert.Equal(["resolved 40"], test.Lines());
    }

    [Theory]
    [InlineData("tables", "t d1 every")]
    [InlineData("without trigger", "d1 every")]
    [InlineData("schema", "t d1 d2 d3 every")]
    [InlineData("all", "t d1 d2 d3 d4 every")]
    public void A_block_event_goes_to_whom_it_stops(string influence, string to)
    {
        ScriptedLog log = new ScriptedLog().Table(1, "shop").Table(2, "shop").Table(3, "shop").Table(4, "bank");
        _ = influence switch
        {
            "tables" => log.Ddl(30, 0, 1),
            "without trigger" => log.Ddl(30, 1),
            "schema" => log.SchemaDdl(30, "shop"),
            _ => log.Syncpoint(30),
        };
        ServiceCase test = new(log);
        test.Grow(20);
        SessionKey trigger = new(Mode.Event, DispatcherId.TriggerOf(Mode.Event), 1);
        test.Begin(trigger, TableSpan.Whole(TableId.Trigger));
        for (long table = 1; table <= 4; table++) test.Begin(Key((ulong)table), TableSpan.Whole(new TableId(table)));
        test.Begin(Key(5), TableSpan.Everything);
        test.Grow(30);
        IEnumerable<string> got = test.Items().OfType<StreamItem.Block>().Select(block =>
            block.Session == trigger ? "t" : block.Session == Key(5) ? "every" : $"d{block.Session.Dispatcher.Number}");
        Assert.Equal(to.Split(' ').Order(), got.Order());
    }

    [Fact]
    public void Every_span_of_a_named_table_gets_its_block_event_and_its_own_rows()
    {
        ServiceCase test = new(new ScriptedLog().Row(25, 1, "low", 5).Row(26, 1, "hi", 3_000_000_000).Ddl(30, 1));
        test.Grow(20);
        test.Begin(Key(1), new TableSpan(new TableId(1), 0, 1UL << 31));
        test.Begin(Key(2), new TableSpan(new TableId(1), 1U << 31, TableSpan.HashEnd));
        test.Grow(30);
        Assert.Equal(
            ["d1 rows 25 #2 last", "d2 rows 26 #2 last", "d1 block 30 #3", "d2 block 30 #3"],
            test.Lines().Order(StringComparer.Ordinal).OrderBy(static line => line.Contains("block")));
    }

    [Fact]
    [Trait("AC", "C13")]
    public void No_batch_is_larger_than_512_KiB_and_their_numbers_have_no_gap()
    {
        ScriptedLog log = new(int.MaxValue);
        for (ulong commit = 30; commit < 90; commit++) log.Row(commit, 1, new string('x', 50_000));
        ServiceCase test = new(log);
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Grow(100);
        List<StreamBatch> batches = [.. test.Sent<StreamBatch>().Select(static b => b.Message)];
        long next = batches[0].First;
        Assert.InRange(batches.Count, 6, 8);
        foreach (StreamBatch batch in batches)
        {
            Assert.InRange(batch.Items.OfType<StreamItem.Rows>().Sum(static r => r.Payload.Length), 1, 512 * 1024);
            Assert.Equal(next, batch.First);
            next += batch.Items.Length;
        }

        Assert.Equal(3_000_000, batches[^1].SentBytes);
    }

    [Fact]
    public void Block_events_of_many_tables_do_not_make_a_batch_too_large()
    {
        ScriptedLog log = new();
        long[] tables = [.. Enumerable.Range(1, 20_000).Select(static n => (long)n)];
        for (ulong commit = 30; commit < 50; commit++) log.Ddl(commit, tables);
        ServiceCase test = new(log);
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Grow(100);
        Assert.Equal(20, test.Items().OfType<StreamItem.Block>().Count());
        Assert.All(test.Sent<StreamBatch>(), static batch =>
            Assert.InRange(WireBytes.Of(batch.Message).Length, 1, SessionLimits.BatchBytes));
    }
}
