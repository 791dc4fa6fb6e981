using System.Text.Json.Nodes;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Protocol;
using static Cdc.Postgres.Tests.Decoding.DdlMessages;
using static Cdc.Postgres.Tests.Decoding.LogMessages;

namespace Cdc.Postgres.Tests.Decoding;

public sealed class DdlDecodingTests
{
    const uint Orders = 100, Items = 200, Mood = 900;

    static readonly byte[] OrdersV1 = Relation(Orders, "orders", 'd', ("id", true), ("note", false));
    static readonly byte[] OrdersV2 = Relation(Orders, "orders", 'd', ("id", true), ("note", false), ("extra", false));
    static readonly byte[] ItemsV1 = Relation(Items, "items", 'd', ("id", true));
    static readonly byte[] ItemsNoKey = Relation(Items, "items", 'd', ("id", false));

    /// <summary>The tables as a first start would have found them: orders is number 1, items number 2.</summary>
    static SchemaHistory Known(params JsonObject[] tables)
    {
        using DecoderBench setup = Bench(new([]));
        setup.Take([Begin(1), .. tables.Select(static table => Ddl("CREATE TABLE", table)), Commit(1, 2)]);
        return new(setup.History.Latest().Select(static v => v with { Since = CommitTs.Zero }));
    }

    static SchemaHistory Shop() => Known(Table(Orders, "orders", "id", "note"), Table(Items, "items", "id"));

    static DecoderBench Bench(SchemaHistory history, StreamStart? start = null, TableSelection? selection = null) =>
        new(history, start, selection, capture: DdlCaptureMode.Trigger);

    [Fact]
    public void DDL_and_rows_of_one_transaction_come_in_its_order_each_under_its_shape()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"),
            Ddl("ALTER TABLE", Table(Orders, "orders", "id", "note", "extra")),
            OrdersV2, Insert(Orders, "2", "b", "c"),
            Ddl("CREATE TABLE", Table(300, "u", "id")),
            Relation(300, "u", 'd', ("id", true)), Insert(300, "9"),
            Ddl("ALTER TABLE", Table(Orders, "orders", "id", "note")),
            OrdersV1, Insert(Orders, "3", "d"),
            Ddl("DROP TABLE", Dropped("table", 300, "u")),
            Commit(1000, 1040)).Flush();
        Assert.Equal(
            [
                "Insert 1040.0#0 orders [1|a]",
                "ddl 1040.1 ALTER TABLE {alter public.orders#1(id,note,extra)@1040.1} tables 0, 1",
                "Insert 1040.2#0 orders [2|b|c]",
                "ddl 1040.3 CREATE TABLE {create public.u#3(id)@1040.3} tables 0, 3",
                "Insert 1040.4#0 u [9]",
                "ddl 1040.5 ALTER TABLE {alter public.orders#1(id,note)@1040.5} tables 0, 1",
                "Insert 1040.6#0 orders [3|d]",
                "ddl 1040.7 DROP TABLE {drop public.u} tables 0, 3",
                "resolved 1040",
            ], decoder.Events);
        Assert.Equal(new(1040, 1), decoder.Ddl[2].Changes.OfType<SchemaChange.TableAltered>().Single().Before.Since);
        Assert.Null(decoder.History.Find(300, CommitTs.End(1040)));
        Assert.Equal(new TableId(3), decoder.History.Find(300, new(1040, 6))?.Id);
    }

    [Fact]
    public void A_replay_gives_the_same_steps_versions_and_ids_from_any_position()
    {
        SchemaHistory history = Shop();
        byte[][] log =
        [
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"),
            Ddl("ALTER TABLE", Table(Orders, "orders", "id", "note", "extra")),
            OrdersV2, Insert(Orders, "2", "b", "c"),
            Ddl("CREATE TABLE", Table(300, "u", "id")), Relation(300, "u", 'd', ("id", true)), Insert(300, "9"),
            Ddl("DROP TABLE", Dropped("table", 300, "u")),
            Ddl("CREATE TABLE", Table(301, "u", "id", "b")),
            Relation(301, "u", 'd', ("id", true), ("b", false)), Insert(301, "9", "x"), Commit(1000, 1040),
            Begin(1100), Insert(301, "10", "y"), Ddl("DROP TABLE", Dropped("table", 301, "u")), Commit(1100, 1140),
            // The server gives the number again.
            Begin(1200), Ddl("CREATE TABLE", Table(300, "v", "id")), Relation(300, "v", 'd', ("id", true)), Insert(300, "1"),
            Commit(1200, 1240),
        ];
        using DecoderBench first = Bench(history);
        first.Take(log).Flush();
        history.Persisted(history.Pending());
        string[] all = [.. first.Changes];
        Assert.Equal(12, all.Length);
        CommitTs[] positions =
            [CommitTs.Zero, .. Enumerable.Range(0, 9).Select(i => new CommitTs(1040, (uint)i)), CommitTs.End(1040), new(1140, 1)];
        foreach (CommitTs after in positions)
        {
            using DecoderBench again = Bench(
                history, new(CommitTs.Zero, after, history, new Dictionary<TableId, CommitTs>()));
            again.Take(log).Flush();
            string[] changes = [.. again.Changes];
            Assert.Equal(all[^changes.Length..], changes);
            Assert.True(changes.Length < all.Length || after == CommitTs.Zero);
            Assert.Empty(history.Pending());
        }
    }

    [Fact]
    public void Rows_of_a_CREATE_TABLE_AS_come_behind_it_though_the_log_has_them_before()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"), ItemsNoKey.With(oid: 300), Insert(300, "x"), Insert(300, "y"),
            Ddl("CREATE TABLE AS", "create table items as select 1", Table(300, "items", "id").With("primaryKey", new JsonObject { ["immediate"] = false, ["columns"] = new JsonArray("id") })),
            Insert(300, "z"), Insert(Orders, "2", "b"), Commit(1000, 1040)).Flush();
        Assert.Equal(
            [
                "Insert 1040.0#0 orders [1|a]",
                "ddl 1040.1 CREATE TABLE AS {create public.items#3(id)@1040.1} tables 0, 3",
                "Insert 1040.2#0 items [x]", "Insert 1040.2#1 items [y]", "Insert 1040.2#2 items [z]",
                "Insert 1040.2#3 orders [2|b]",
            ], decoder.Changes);
        Assert.Null(decoder.Ddl[0].Sql);
        Assert.NotNull(decoder.History.Find(300, CommitTs.End(1040))?.Definition);
        Assert.Equal(0, decoder.Catalog.Calls);
    }

    [Fact]
    public void Rows_of_a_table_that_nothing_told_of_end_the_stream()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(Begin(1000), Relation(300, "u", 'd', ("id", false)), Insert(300, "x"));
        CdcException failure = Assert.Throws<CdcException>(() => decoder.Take(Commit(1000, 1040)));
        Assert.Equal(FailureKind.SourceUnfit, failure.Kind);
        Assert.Contains("public.u", failure.Message);
        Assert.NotNull(failure.Fix);
        decoder.Flush();
        Assert.Empty(decoder.Events);
        decoder.Abandon();
        Assert.Equal(0, decoder.Pool.BytesOut);
    }

    [Theory]
    [InlineData(DdlCaptureMode.Trigger)]
    [InlineData(DdlCaptureMode.Off)]
    public void A_shape_that_nothing_told_of_ends_the_stream(object capture)
    {
        using DecoderBench decoder = new(Shop(), capture: (DdlCaptureMode)capture);
        decoder.Take(Begin(1000), OrdersV1, Insert(Orders, "1", "a"));
        CdcException failure = Assert.Throws<CdcException>(() => decoder.Take(OrdersV2));
        Assert.Equal(FailureKind.SourceUnfit, failure.Kind);
        Assert.Contains("public.orders", failure.Message);
        Assert.NotNull(failure.Fix);
    }

    [Fact]
    public void What_the_trigger_could_not_read_ends_the_stream()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(Begin(1000));
        CdcException failure = Assert.Throws<CdcException>(() => decoder.Take(Unreadable("42P01: no such table")));
        Assert.Equal(FailureKind.SourceUnfit, failure.Kind);
        Assert.Contains("42P01", failure.Message);
    }

    [Theory]
    [InlineData(DdlCaptureMode.Relation)]
    [InlineData(DdlCaptureMode.Off)]
    public void Without_the_trigger_its_messages_are_nothing(object capture)
    {
        using DecoderBench decoder = new(Shop(), capture: (DdlCaptureMode)capture);
        decoder.Take(
            Begin(1000), Ddl("CREATE TABLE", Table(300, "u", "id")), OrdersV1, Insert(Orders, "1", "a"), Commit(1000, 1040));
        Assert.Equal("Insert 1040.0#0 orders [1|a]", Assert.Single(decoder.Flush().Changes));
    }

    [Fact]
    public void Messages_of_other_changefeeds_and_of_strangers_cut_nothing()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), Message(true, "cdc.ddl.other.seal", [1]), Message(true, "cdc.ddl.shop", [2]), OrdersV1,
            Insert(Orders, "1", "a"), Commit(1000, 1040));
        Assert.Equal("Insert 1040.0#0 orders [1|a]", Assert.Single(decoder.Flush().Changes));
    }

    [Fact]
    public void A_command_that_changed_nothing_of_ours_takes_a_step_and_says_nothing()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), OrdersV1, Insert(Orders, "1", "a"),
            Ddl("ALTER TABLE", Table(Orders, "orders", "id", "note"), Dropped("type", 77, "public.x"),
                Dropped("schema", 78, "nowhere"), Dropped("table", 79, "public.none")),
            Insert(Orders, "2", "b"), Commit(1000, 1040)).Flush();
        Assert.Equal(["Insert 1040.0#0 orders [1|a]", "Insert 1040.2#0 orders [2|b]"], decoder.Changes);
        Assert.Empty(decoder.History.Pending());
    }

    [Fact]
    public void A_rename_within_the_patterns_alters_and_one_out_of_them_leaves()
    {
        TableSelection selection = new([TablePattern.Parse("public.o*")], []);
        using DecoderBench decoder = Bench(Shop(), selection: selection);
        decoder.Take(
            Begin(1000), Ddl("ALTER TABLE", Table(Orders, "olds", "id", "note")),
            Relation(Orders, "olds", 'd', ("id", true), ("note", false)), Insert(Orders, "1", "a"),
            Ddl("ALTER TABLE", Table(Orders, "archive", "id", "note")),
            Relation(Orders, "archive", 'd', ("id", true), ("note", false)), Insert(Orders, "2", "b"), Commit(1000, 1040),
            Begin(1100), Relation(Orders, "archive", 'd', ("id", true), ("note", false)), Insert(Orders, "3", "c"),
            Truncate(0, Orders), Commit(1100, 1140)).Flush();
        Assert.Equal(
            [
                "ddl 1040.1 ALTER TABLE {alter public.orders to public.olds#1(id,note)@1040.1} tables 0, 1",
                "Insert 1040.2#0 olds [1|a]",
                "ddl 1040.3 ALTER TABLE {leave public.olds to public.archive} tables 0, 1",
            ], decoder.Changes);
        Assert.Null(decoder.History.Find(Orders, CommitTs.End(1040)));
    }

    [Fact]
    public void A_table_that_comes_into_the_patterns_with_rows_needs_a_copy_and_an_empty_one_does_not()
    {
        TableSelection selection = new([TablePattern.Parse("public.o*")], []);
        using DecoderBench full = Bench(new([]), selection: selection);
        full.Take(Begin(1000));
        CdcException failure = Assert.Throws<CdcException>(
            () => full.Take(Ddl("ALTER TABLE", Table(Orders, "orders", "id"), Rewrite(Orders, 1, empty: false))));
        Assert.Equal(FailureKind.TableStopped, failure.Kind);
        Assert.Contains("new copy", failure.Message);

        using DecoderBench empty = Bench(new([]), selection: selection);
        empty.Take(
            Begin(1000), Ddl("ALTER TABLE", Table(Orders, "orders", "id"), Rewrite(Orders, 1, empty: true)),
            Commit(1000, 1040)).Flush();
        Assert.Equal(["ddl 1040.1 ALTER TABLE {create public.orders#1(id)@1040.1} tables 0, 1"], empty.Changes);
    }

    [Fact]
    public void An_unlogged_table_leaves()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), Ddl("ALTER TABLE", Table(Orders, "orders", "id", "note").With("persistence", "u"), Rewrite(Orders, 1, false)),
            Commit(1000, 1040)).Flush();
        Assert.Equal(["ddl 1040.1 ALTER TABLE {leave public.orders to public.orders} tables 0, 1"], decoder.Changes);
    }

    [Fact]
    public void A_rewrite_says_why_even_if_the_table_looks_the_same()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), Ddl("ALTER TABLE", Table(Orders, "orders", "id", "note"), Rewrite(Orders, 4, false)),
            Ddl("ALTER TABLE", Table(Items, "items", "id"), Rewrite(Items, 2, true)),
            Ddl("ALTER TABLE", Table(Items, "items", "id"), Rewrite(Items, 8, false)), Commit(1000, 1040)).Flush();
        Assert.Equal(
            [
                "ddl 1040.1 ALTER TABLE {alter public.orders#1(id,note)@0.0 ColumnType} tables 0, 1",
                "ddl 1040.3 ALTER TABLE {alter public.items#2(id)@0.0 Default, Empty} tables 0, 2",
            ], decoder.Changes);
        Assert.Empty(decoder.History.Pending());
    }

    [Fact]
    public void A_type_that_changes_concerns_every_table_that_uses_it()
    {
        using DecoderBench decoder = Bench(Known(
            Table(Orders, "orders", "id", "mood").WithEnum(Mood, "public.mood", "ok"), Table(Items, "items", "id"),
            Table(400, "users", "id", "mood").WithEnum(Mood, "public.mood", "ok")));
        decoder.Take(
            Begin(1000), Ddl("ALTER TYPE", [
                .. AlteredEnum(Mood, "public.mood", "ok", "bad"),
                Table(Orders, "orders", "id", "mood").WithEnum(Mood, "public.mood", "ok", "bad")]),
            Commit(1000, 1040)).Flush();
        Assert.Equal(
            "ddl 1040.1 ALTER TYPE {type public.mood to public.mood; alter public.orders#1(id,mood)@1040.1} tables 0, 1, 3",
            Assert.Single(decoder.Changes));
        var altered = (SchemaChange.TypeAltered)decoder.Ddl[0].Changes[0];
        Assert.Equal(["ok"], altered.Before!.Labels);
        Assert.Equal(["ok", "bad"], altered.After.Labels);
    }

    [Theory]
    [InlineData(0, new[] { "ddl 1140.1 DROP TYPE {drop type public.mood} all tables" })]
    [InlineData(1, new string[0])]
    public void A_type_that_was_used_once_is_dropped_once_and_stops_everybody(uint step, string[] left)
    {
        SchemaHistory history = Known(Table(Orders, "orders", "id", "m").WithEnum(Mood, "public.mood", "ok"));
        StreamStart start = new(CommitTs.Zero, new(1140, step), history, new Dictionary<TableId, CommitTs>());
        using DecoderBench decoder = Bench(history, start);
        decoder.Take(
            Begin(1000), Ddl("ALTER TABLE", Table(Orders, "orders", "id")), Commit(1000, 1040),
            Begin(1100), Ddl("DROP TYPE", Dropped("type", Mood, "public.mood")), Commit(1100, 1140)).Flush();
        Assert.Equal(left, decoder.Changes);
    }

    [Fact]
    public void Foreign_keys_partitions_and_parents_concern_both_ends()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000),
            Ddl("ALTER TABLE", Table(Items, "items", "id").With("constraints", new JsonArray(Reference("fk", "orders")))),
            Ddl("ALTER TABLE", Table(Items, "items", "id", "b").With("constraints", new JsonArray(Reference("fk", "orders")))),
            Ddl("ALTER TABLE", Table(Items, "items", "id", "b").With("partitionOf", Named("orders"))),
            Ddl("ALTER TABLE", Table(Items, "items", "id", "b")), Commit(1000, 1040)).Flush();
        Assert.Equal(["tables 0, 1, 2", "tables 0, 2", "tables 0, 1, 2", "tables 0, 1, 2"],
            decoder.Ddl.Select(static ddl => ddl.Block.Influence.ToString()));
    }

    [Fact]
    public void A_schema_that_is_renamed_or_dropped_takes_its_tables_along()
    {
        using DecoderBench decoder = Bench(Known(
            Table(Orders, "a.orders", "id"), Table(Items, "a.items", "id").With("partitionOf", Named("a.orders")),
            Table(300, "b.other", "id")));
        decoder.Take(
            Begin(1000), Ddl("ALTER SCHEMA", Schema(70, "c"), Table(Orders, "c.orders", "id"),
                Table(Items, "c.items", "id").With("partitionOf", Named("c.orders"))), Commit(1000, 1040),
            Begin(1100), Ddl("DROP SCHEMA", Dropped("table", Orders, "c.orders"), Dropped("table", Items, "c.items"),
                Dropped("schema", 70, "c")), Commit(1100, 1140)).Flush();
        Assert.Equal(
            [
                "ddl 1040.1 ALTER SCHEMA {schema a to c; alter a.orders to c.orders#1(id)@1040.1; "
                    + "alter a.items to c.items#2(id)@1040.1} schema a",
                "ddl 1140.1 DROP SCHEMA {drop c.items; drop c.orders; drop schema c} schema c",
            ], decoder.Changes);
    }

    [Fact]
    public void What_is_of_no_known_kind_or_goes_beyond_one_schema_stops_everybody()
    {
        using DecoderBench decoder = Bench(Known(Table(Orders, "a.orders", "id", "x"), Table(Items, "b.items", "id", "x")));
        decoder.Take(
            Begin(1000), Ddl("DROP EXTENSION", Table(Orders, "a.orders", "id")),
            Ddl("DROP SCHEMA", Table(Items, "b.items", "id"), Dropped("table", Orders, "a.orders"), Dropped("schema", 5, "a")),
            Commit(1000, 1040)).Flush();
        Assert.All(decoder.Ddl, static ddl => Assert.IsType<Influence.All>(ddl.Block.Influence));
        Assert.Equal(2, decoder.Ddl.Count);
    }

    [Fact]
    public void What_a_tables_copy_contains_of_a_statement_is_left_out_of_it()
    {
        SchemaHistory history = Shop();
        Dictionary<TableId, CommitTs> copied = new() { [new(1)] = CommitTs.End(1040) };
        using DecoderBench decoder = Bench(history, new(CommitTs.Zero, CommitTs.Zero, history, copied));
        decoder.Take(
            Begin(1000), Ddl("DROP TABLE", Dropped("table", Items, "items"), Dropped("table", Orders, "orders")),
            Commit(1000, 1040), Begin(1050), Ddl("CREATE TABLE", Table(300, "u", "id")), Commit(1050, 1060)).Flush();
        Assert.Equal(
            ["ddl 1040.1 DROP TABLE {drop public.items} tables 0, 1, 2", "ddl 1060.1 CREATE TABLE {create public.u#3(id)@1060.1} tables 0, 3"],
            decoder.Changes);
    }

    [Fact]
    public void The_text_is_kept_only_if_it_is_certain_to_be_the_statements()
    {
        using DecoderBench decoder = Bench(Shop());
        decoder.Take(
            Begin(1000), Ddl("ALTER TABLE", "alter table orders add extra text", Table(Orders, "orders", "id", "note", "e1")),
            Ddl("ALTER TABLE", "alter table a; alter table b", Table(Orders, "orders", "id", "note", "e2")),
            Ddl("ALTER TABLE", "do $$ begin alter table orders add x text; end $$", Table(Orders, "orders", "id", "note", "e3")),
            Ddl("ALTER TABLE", "begin; alter table orders add e4 text; commit", Table(Orders, "orders", "id", "note", "e4")),
            Commit(1000, 1040)).Flush();
        Assert.Equal(["alter table orders add extra text", null, null, "alter table orders add e4 text"],
            decoder.Ddl.Select(static ddl => ddl.Sql));
        Assert.All(decoder.Ddl, static ddl => Assert.Equal("public", ddl.SearchPath));
    }
}

static class RelationBytes
{
    /// <summary>The same description of another table.</summary>
    public static byte[] With(this byte[] relation, uint oid)
    {
        byte[] copy = [.. relation];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(1), oid);
        return copy;
    }
}
