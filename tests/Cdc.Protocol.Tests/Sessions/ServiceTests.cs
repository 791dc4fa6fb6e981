using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using Cdc.Protocol.Tests.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

public sealed class ServiceTests
{
    static readonly TableSpan One = TableSpan.Whole(new TableId(1)), Two = TableSpan.Whole(new TableId(2));

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
    public void What_the_source_sends_again_is_not_sent_again()
    {
        ServiceCase test = new(new ScriptedLog().Row(30, 1, "x"));
        test.Grow(20);
        test.Begin(Key(1), One);
        test.Grow(30);
        test.Tell(new LogGrew(CommitTs.End(25), [new TableId(1)]));
        Assert.Empty(test.Items());
        test.Pass(0.1);
        test.Grow(40);
        test.Pass(0.1);
        Assert.Equal(["resolved 40"], test.Lines());
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

    [Fact]
    public void A_complete_statement_comes_by_itself_and_when_it_is_asked_for_and_in_parts_where_it_is_large()
    {
        ServiceCase test = new(new ScriptedLog());
        test.Grow(20);
        for (ulong number = 1; number <= 15_000; number++) test.Begin(Key(number), One);
        test.Pass(0.1);
        test.Hear(new RestateRequest(2));
        Assert.Empty(test.Last);
        test.Hear(new RestateRequest(1));
        test.Pass(0.1);
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
