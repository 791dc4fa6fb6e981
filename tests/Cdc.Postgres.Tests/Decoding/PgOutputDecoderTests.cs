using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using static Cdc.Postgres.Tests.Decoding.LogMessages;

namespace Cdc.Postgres.Tests.Decoding;

public sealed class PgOutputDecoderTests
{
    const uint Orders = 100, Items = 200;

    static readonly byte[] OrdersV1 = Relation(Orders, "orders", 'd', ("id", true), ("note", false));
    static readonly byte[] OrdersV2 = Relation(Orders, "orders", 'd', ("id", true), ("note", false), ("extra", false));
    static readonly byte[] OrdersFull = Relation(Orders, "orders", 'f', ("id", true), ("note", true));
    static readonly byte[] ItemsV1 = Relation(Items, "items", 'd', ("id", true));

    /// <summary>The tables as a first start would have found them.</summary>
    static SchemaHistory Known(params byte[][] relations)
    {
        using DecoderBench setup = new();
        setup.Take([Begin(1), .. relations, Commit(1, 2)]);
        return new(setup.History.Latest().Select(static v => v with { Since = CommitTs.Zero }));
    }

    [Fact]
    public void Rows_carry_the_end_of_their_commit_and_come_only_after_it()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "1", null), Insert(Orders, "2", "")).Flush();
        Assert.Empty(decoder.Events);
        decoder.Take(Commit(1000, 1040)).Flush();
        Assert.Equal(
            ["Insert 1040.0#0 orders [1|null]", "Insert 1040.0#1 orders [2|]", "resolved 1040"], decoder.Events);
    }

    [Fact]
    public void A_keepalive_resolves_the_number_at_which_the_next_commit_record_begins()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Idle(1000);
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "1", "a"));
        decoder.Idle(1000);
        decoder.Take(Commit(1000, 1040)).Flush();
        Assert.Equal(["resolved 1000", "Insert 1040.0#0 orders [1|a]", "resolved 1040"], decoder.Events);
    }

    [Fact]
    public void A_keepalive_inside_a_transaction_resolves_nothing()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "1", "a"));
        decoder.Idle(1040);
        Assert.Empty(decoder.Events);
        decoder.Take(Commit(1000, 1040)).Flush();
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "resolved 1040"], decoder.Events);
    }

    [Fact]
    public void A_keepalive_comes_after_what_was_committed_before_it()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "1", "a"), Commit(1000, 1040));
        decoder.Idle(2000);
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "resolved 1040", "resolved 2000"], decoder.Events);
    }

    [Fact]
    public void Transactions_without_a_row_of_ours_are_resolved_now_and_then_while_they_go_on()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        const ulong far = 16 << 20;
        decoder.Take(Begin(1000), Commit(1000, far), Begin(far), Commit(far, far + 1));
        Assert.Equal([$"resolved {far + 1}"], decoder.Events);
        decoder.Take(Begin(far + 9), Commit(far + 9, 2 * far + 1));
        Assert.Equal([$"resolved {far + 1}"], decoder.Events);
    }

    [Fact]
    public void A_key_change_is_one_update_with_the_old_key_and_what_was_not_sent_stays_unchanged()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(
            Begin(1000), OrdersV1, Update(Orders, 'K', ["a", null], ["b", Unchanged]),
            Update(Orders, "b", "x"), Delete(Orders, 'K', "b", null), Commit(1000, 1040)).Flush();
        Assert.Equal(
            [
                "Update 1040.0#0 orders Key [a|null] [b|same] KeyChanged, HasUnchanged",
                "Update 1040.0#2 orders [b|x]",
                "Delete 1040.0#3 orders Key [b|null]",
            ], decoder.Changes);
    }

    [Fact]
    public void A_key_image_without_a_changed_key_is_no_key_change()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(
            Begin(1000), OrdersV1, Update(Orders, 'K', ["a", null], [Unchanged, "x"]), Commit(1000, 1040)).Flush();
        Assert.Equal(["Update 1040.0#0 orders Key [a|null] [a|x]"], decoder.Changes);
    }

    [Fact]
    public void Under_identity_full_what_was_not_sent_comes_from_the_old_row()
    {
        using DecoderBench decoder = new(Known(OrdersFull));
        decoder.Take(
            Begin(1000), OrdersFull, Update(Orders, 'O', ["a", "long"], ["b", Unchanged]),
            Update(Orders, 'O', ["b", "long"], ["b", null]), Delete(Orders, 'O', "b", null),
            Commit(1000, 1040)).Flush();
        Assert.Equal(
            [
                "Update 1040.0#0 orders Full [a|long] [b|long] KeyChanged",
                "Update 1040.0#2 orders Full [b|long] [b|null]",
                "Delete 1040.0#4 orders Full [b|null]",
            ], decoder.Changes);
    }

    [Fact]
    public void Equal_keys_with_different_bytes_are_a_key_change()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(
            Begin(1000), OrdersV1, Update(Orders, 'K', ["1.0", null], ["1.00", "x"]), Commit(1000, 1040)).Flush();
        Assert.Equal(["Update 1040.0#0 orders Key [1.0|null] [1.00|x] KeyChanged"], decoder.Changes);
    }

    [Fact]
    public void A_truncate_of_two_tables_is_one_event_with_a_step_of_its_own()
    {
        using DecoderBench decoder = new(Known(OrdersV1, ItemsV1));
        decoder.Take(
            Begin(1000), OrdersV1, ItemsV1, Insert(Orders, "1", "a"), Truncate(3, Orders, Items),
            Insert(Items, "2"), Commit(1000, 1040)).Flush();
        Assert.Equal(
            [
                "Insert 1040.0#0 orders [1|a]", "truncate 1040.1 orders,items cascade restart",
                "Insert 1040.2#0 items [2]",
            ], decoder.Changes);
    }

    [Fact]
    public void A_truncate_of_what_is_not_carried_takes_its_step_all_the_same()
    {
        TableSelection selection = new([TablePattern.Parse("public.orders")], []);
        using DecoderBench decoder = new(Known(OrdersV1), selection: selection);
        decoder.Take(
            Begin(1000), OrdersV1, ItemsV1, Insert(Orders, "1", "a"), Truncate(0, Items), Insert(Orders, "2", "b"),
            Commit(1000, 1040)).Flush();
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "Insert 1040.2#0 orders [2|b]"], decoder.Changes);
    }

    [Fact]
    public void A_changed_shape_cuts_the_transaction_and_begins_a_version_at_its_step()
    {
        SchemaHistory history = Known(OrdersV1);
        using DecoderBench decoder = new(history);
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"), OrdersV2, Insert(Orders, "2", "b", "c"),
            Commit(1000, 1040)).Flush();
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "Insert 1040.2#0 orders [2|b|c]"], decoder.Changes);
        TableSchema version = Assert.Single(history.Pending());
        Assert.Equal(new(1040, 1), version.Since);
        Assert.Equal(["id", "note", "extra"], version.Columns.Select(static c => c.Name));
        Assert.Equal(new TableId(1), version.Id);
    }

    [Fact]
    public void A_replay_cuts_at_the_same_places_and_meets_the_versions_of_the_first_run()
    {
        SchemaHistory history = Known(OrdersV1);
        byte[][] log =
        [
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"), OrdersV2, Insert(Orders, "2", "b", "c"), OrdersV1,
            Insert(Orders, "3", "d"), Commit(1000, 1040), Begin(1100), Insert(Orders, "4", "e"), Commit(1100, 1140),
        ];
        using DecoderBench first = new(history);
        first.Take(log).Flush();
        history.Persisted(history.Pending());
        using DecoderBench second = new(history);
        second.Take(log).Flush();
        Assert.Equal(first.Events, second.Events);
        Assert.Equal(4, first.RowCount);
        Assert.Empty(history.Pending());
    }

    [Fact]
    public void Versions_of_a_transaction_that_never_commits_are_forgotten()
    {
        SchemaHistory history = Known(OrdersV1);
        using DecoderBench decoder = new(history);
        decoder.Take(Begin(1000), OrdersV2, Insert(Orders, "2", "b", "c"));
        decoder.Abandon();
        Assert.Empty(history.Pending());
        Assert.Equal(0, decoder.Pool.BytesOut);
    }

    [Fact]
    public void The_catalog_is_not_asked_about_a_shape_that_is_known()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "1", "a"), OrdersV1, Commit(1000, 1040));
        Assert.Equal(0, decoder.Catalog.Calls);
    }

    [Fact]
    public void A_table_renamed_out_of_the_patterns_is_dropped_and_said_once()
    {
        TableSelection selection = new([TablePattern.Parse("public.orders")], []);
        using DecoderBench decoder = new(Known(OrdersV1), selection: selection);
        byte[] renamed = Relation(Orders, "archive", 'd', ("id", true), ("note", false));
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"), renamed, Insert(Orders, "2", "b"), Commit(1000, 1040),
            Begin(1100), renamed, Insert(Orders, "3", "c"), Truncate(0, Orders), Commit(1100, 1140),
            Begin(1200), OrdersV1, Insert(Orders, "4", "d"), Commit(1200, 1240)).Flush();
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "Insert 1240.2#0 orders [4|d]"], decoder.Changes);
        Assert.Equal(2, decoder.Log.Lines.Count);
        Assert.Contains("public.archive", decoder.Log.Lines[0]);
        Assert.Contains("carried from here on", decoder.Log.Lines[1]);
    }

    [Fact]
    public void A_table_of_somebody_elses_publication_cuts_nothing()
    {
        TableSelection selection = new([TablePattern.Parse("public.orders")], []);
        using DecoderBench decoder = new(Known(OrdersV1), selection: selection);
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"), ItemsV1, Insert(Items, "9"), Insert(Orders, "2", "b"),
            Commit(1000, 1040)).Flush();
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "Insert 1040.0#1 orders [2|b]"], decoder.Changes);
    }

    [Fact]
    public void Transactional_messages_are_rows_and_our_own_marks_only_resolve()
    {
        using DecoderBench decoder = new();
        decoder.Take(
            Begin(1000), Message(true, "app", [0xAB, 1]), Commit(1000, 1040), Message(false, "app", [1]),
            Begin(1100), Message(true, "cdc.heartbeat", []), Commit(1100, 1140)).Flush();
        Assert.Equal(["Message 1040.0#0  [app|\\xab01]", "resolved 1140"], decoder.Events);
    }

    [Theory]
    [InlineData(1040, CommitTs.MaxStep, 1)]
    [InlineData(1040, 1, 2)]
    [InlineData(1040, 0, 3)]
    [InlineData(1039, CommitTs.MaxStep, 4)]
    public void What_was_handed_on_before_is_dropped_to_the_step(ulong commit, uint step, int left)
    {
        SchemaHistory history = Known(OrdersV1);
        StreamStart start = new(CommitTs.Zero, new(commit, step), history, new Dictionary<TableId, CommitTs>());
        using DecoderBench decoder = new(history, start);
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"), Truncate(0, Orders), Insert(Orders, "2", "b"),
            Commit(1000, 1040), Begin(1100), Insert(Orders, "3", "c"), Commit(1100, 1140)).Flush();
        string[] all =
        [
            "Insert 1040.0#0 orders [1|a]", "truncate 1040.1 orders", "Insert 1040.2#0 orders [2|b]",
            "Insert 1140.0#0 orders [3|c]",
        ];
        Assert.Equal(all[^left..], decoder.Changes);
    }

    [Fact]
    public void Small_transactions_that_were_handed_on_before_are_dropped_whole()
    {
        SchemaHistory history = Known(OrdersV1, ItemsV1);
        TableId items = history.Find(Items, CommitTs.End(5))!.Id;
        Dictionary<TableId, CommitTs> copied = new() { [items] = CommitTs.End(1140) };
        using DecoderBench decoder = new(history, new(CommitTs.Zero, CommitTs.End(1040), history, copied));
        decoder.Take(
            Begin(1000), OrdersV1, ItemsV1, Insert(Orders, "1", "a"), Commit(1000, 1040),
            Begin(1040), Insert(Orders, "2", "b"), Commit(1040, 1080),
            Begin(1100), Insert(Items, "2"), Commit(1100, 1140), Begin(1140), Insert(Items, "3"), Commit(1140, 1180)).Flush();
        Assert.Equal(["Insert 1080.0#0 orders [2|b]", "Insert 1180.0#0 items [3]"], decoder.Changes);
    }

    [Fact]
    public void What_a_tables_copy_contains_is_dropped_for_that_table_only()
    {
        SchemaHistory history = Known(OrdersV1, ItemsV1);
        TableId orders = history.Find(Orders, CommitTs.End(5))!.Id;
        Dictionary<TableId, CommitTs> copied = new() { [orders] = CommitTs.End(1040) };
        using DecoderBench decoder = new(history, new(CommitTs.Zero, CommitTs.Zero, history, copied));
        decoder.Take(
            Begin(1000), OrdersV1, ItemsV1, Insert(Orders, "1", "a"), Insert(Items, "1"), Truncate(0, Orders, Items),
            Commit(1000, 1040), Begin(1100), Insert(Orders, "2", "b"), Commit(1100, 1140)).Flush();
        Assert.Equal(
            ["Insert 1040.0#1 items [1]", "truncate 1040.1 items", "Insert 1140.0#0 orders [2|b]"], decoder.Changes);
    }

    [Fact]
    public void A_transaction_larger_than_memory_goes_through_the_disk_and_comes_back_the_same()
    {
        SchemaHistory history = Known(OrdersV1, ItemsV1);
        List<byte[]> log = [Begin(1000), OrdersV1, ItemsV1, Insert(Items, "0"), Commit(1000, 1010), Begin(1020)];
        for (int i = 0; i < 20_000; i++)
        {
            log.Add(Insert(Orders, $"{i}", new string('x', 100)));
            if (i % 1000 == 0) log.Add(Insert(Items, $"{i}"));
            if (i == 10_000) log.Add(Truncate(0, Items));
            if (i == 15_000) log.Add(OrdersV2);
            if (i == 15_000) log.Add(Insert(Orders, "a", "b", "c"));
            if (i == 15_000) log.Add(OrdersV1);
        }
        log.Add(Commit(1020, 1040));
        using DecoderBench whole = new(history, openTransactionBytes: 1 << 30);
        whole.Take([.. log]).Flush();
        using DecoderBench spilled = new(history, openTransactionBytes: 100_000);
        spilled.Take([.. log]).Flush();
        Assert.Equal(whole.Events, spilled.Events);
        Assert.Equal(20_000 + 20 + 1 + 1, spilled.RowCount);
        Assert.Equal(0, spilled.Pool.BytesOut - whole.Pool.BytesOut);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_receiver_that_gives_up_keeps_what_it_took_and_the_rest_is_given_back(int room)
    {
        using DecoderBench decoder = new(Known(OrdersV1, ItemsV1)) { Room = room, Kept = [] };
        decoder.Take(
            Begin(1000), OrdersV1, ItemsV1, Insert(Orders, "1", "a"), Insert(Items, "1"), Insert(Orders, "2", "b"));
        Assert.Throws<OperationCanceledException>(() => decoder.Take(Commit(1000, 1040)));
        decoder.Abandon();
        Assert.Equal(room, decoder.Kept.Count);
        Assert.Equal(room > 0, decoder.Pool.BytesOut > 0);
        foreach (RowBatch batch in decoder.Kept) batch.Release();
        Assert.Equal(0, decoder.Pool.BytesOut);
    }

    [Fact]
    public void Committed_rows_leave_while_a_large_transaction_is_open()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "0", "first"), Commit(1000, 1010), Begin(1020));
        for (int i = 0; i < 5_000; i++) decoder.Take(Insert(Orders, $"{i}", new string('x', 100)));
        Assert.Equal(["Insert 1010.0#0 orders [0|first]", "resolved 1010"], decoder.Events);
    }

    [Fact]
    public void A_transaction_with_too_many_cuts_is_refused_with_a_way_out()
    {
        using DecoderBench decoder = new(Known(OrdersV1));
        decoder.Take(Begin(1000), OrdersV1);
        CdcException failure = Assert.Throws<CdcException>(() =>
        {
            for (uint i = 0; i < CommitTs.FirstSnapshotStep; i++) decoder.Take(Truncate(0, Orders));
        });
        Assert.Equal(FailureKind.SourceUnfit, failure.Kind);
        Assert.NotNull(failure.Fix);
    }
}
