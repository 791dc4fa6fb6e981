using System.Collections.Immutable;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Tests.Setup;

public sealed class PublicationPlanTests
{
    static readonly PostgresNames Names = new("x");

    static CatalogTable Table(uint oid, bool keyed = true) => new()
    {
        Oid = oid,
        Name = new("s", $"t{oid}"),
        Columns = [],
        Bar = keyed ? UpdateBar.None : UpdateBar.NoKey,
    };

    static PublicationFacts There(string name, string publish, params uint[] tables) =>
        new(name, publish, IsForeign: false, IsOwned: true, [.. tables]);

    static IEnumerable<string> Sql(CatalogTable[] matched, params PublicationFacts[] there) =>
        new PublicationPlan(Names, matched, there, new Dictionary<uint, TableName> { [9] = new("s", "t9") })
            .Steps.Select(s => s.Sql);

    [Fact]
    public void A_first_start_makes_both_and_lists_each_table_where_its_updates_do_no_harm()
    {
        Assert.Equal(
        [
            "CREATE PUBLICATION \"cdc_x_insert\" WITH (publish = 'insert, truncate', publish_via_partition_root = false);",
            "ALTER PUBLICATION \"cdc_x_insert\" ADD TABLE ONLY \"s\".\"t2\";",
            "CREATE PUBLICATION \"cdc_x\" WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = false);",
            "ALTER PUBLICATION \"cdc_x\" ADD TABLE ONLY \"s\".\"t1\", ONLY \"s\".\"t3\";",
        ], Sql([Table(1), Table(2, keyed: false), Table(3)]));
    }

    [Fact]
    public void Nothing_is_done_where_nothing_differs() => Assert.Empty(Sql(
        [Table(1), Table(2, keyed: false)],
        There("cdc_x", PublicationPlan.PublishAll, 1), There("cdc_x_insert", PublicationPlan.PublishInserts, 2)));

    [Fact]
    public void A_table_that_lost_or_got_its_key_is_listed_at_its_new_place_before_it_leaves_its_old_one()
    {
        Assert.Equal(
        [
            "ALTER PUBLICATION \"cdc_x_insert\" ADD TABLE ONLY \"s\".\"t1\";",
            "ALTER PUBLICATION \"cdc_x\" DROP TABLE ONLY \"s\".\"t1\";",
            "ALTER PUBLICATION \"cdc_x\" DROP TABLE ONLY \"s\".\"t9\";",
            "ALTER PUBLICATION \"cdc_x\" ADD TABLE ONLY \"s\".\"t2\";",
            "ALTER PUBLICATION \"cdc_x_insert\" DROP TABLE ONLY \"s\".\"t2\";",
        ], Sql([Table(1, keyed: false), Table(2)],
            There("cdc_x", PublicationPlan.PublishAll, 1, 9), There("cdc_x_insert", PublicationPlan.PublishInserts, 2)));
    }

    [Fact]
    public void Many_tables_are_listed_in_pieces()
    {
        CatalogTable[] many = [.. Enumerable.Range(1, 1000).Select(i => Table((uint)i))];
        PublicationPlan plan = new(Names, many, [], ImmutableDictionary<uint, TableName>.Empty);
        Assert.All(plan.Steps, step => Assert.True(step.Locks.Length <= PublicationPlan.TablesPerStep));
        Assert.Equal(1000, plan.Added.Distinct().Count());
    }

    [Fact]
    public void Spares_are_made_before_anything_is_listed_and_closed_where_a_slot_may_read_log_from_before_them()
    {
        string[] open = [.. Spares(SpareMaking.Open)];
        Assert.Equal(16 + 4, open.Length);
        Assert.Equal(
            "CREATE PUBLICATION \"cdc_x#1\" WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = false);", open[0]);
        Assert.Equal("CREATE PUBLICATION \"cdc_x_insert#8\" WITH (publish = 'insert, truncate', publish_via_partition_root = false);", open[15]);
        Assert.All(Spares(SpareMaking.Closed).Take(16), sql => Assert.Contains("(publish = '', ", sql, StringComparison.Ordinal));
        Assert.Equal(4, Spares(SpareMaking.None).Count());

        IEnumerable<string> Spares(SpareMaking making) =>
            new PublicationPlan(Names, [Table(1), Table(2, keyed: false)], [], ImmutableDictionary<uint, TableName>.Empty, null, making)
                .Steps.Select(s => s.Sql);
    }

    [Fact]
    public void Closed_spares_stay_closed_behind_a_slot_and_are_opened_before_one()
    {
        PublicationFacts[] there =
        [
            There("cdc_x", PublicationPlan.PublishAll), There("cdc_x_insert", PublicationPlan.PublishInserts),
            .. Names.KeyedSpares.Concat(Names.InsertSpares).Select(name => There(name, PublicationPlan.PublishNothing)),
        ];
        Assert.Empty(Plan(SpareMaking.Closed).Steps);
        Assert.False(Plan(SpareMaking.None).LacksSpares);
        Assert.Equal(16, Plan(SpareMaking.Open).Steps.Count(s => s.Sql.Contains(" SET (publish = 'insert,", StringComparison.Ordinal)));

        // One that is missing beside others that are read was dropped: the stream is to say so.
        there = [.. there.Skip(3).Select(p => p with { Publish = p.Name.Contains("insert") ? PublicationPlan.PublishInserts : PublicationPlan.PublishAll })];
        Assert.Contains(Plan(SpareMaking.Closed).Steps, s => s is { Creates: true, IsNeeded: false, Publication: "cdc_x#1" }
            && s.Sql.Contains(PublicationPlan.PublishAll, StringComparison.Ordinal));

        PublicationPlan Plan(SpareMaking making) => new(Names, [], there, ImmutableDictionary<uint, TableName>.Empty, null, making);
    }

    [Fact]
    public void What_is_in_a_spare_moves_in_one_step_and_what_may_not_stay_there_leaves_before()
    {
        CatalogTable[] matched = [Table(1), Table(2), Table(3, keyed: false), Table(4, keyed: false), Table(5)];
        PublicationFacts[] there =
        [
            There("cdc_x", PublicationPlan.PublishAll, 5), There("cdc_x_insert", PublicationPlan.PublishInserts),
            There("cdc_x#1", PublicationPlan.PublishAll, 1, 2, 5), There("cdc_x#2", PublicationPlan.PublishAll, 3, 9),
            There("cdc_x_insert#1", PublicationPlan.PublishInserts, 2, 4) with { Schemas = ["more"] },
        ];
        PublicationPlan plan = Plan(isOwner: true);
        Assert.Equal(
        [
            "ALTER PUBLICATION \"cdc_x_insert\" ADD TABLE ONLY \"s\".\"t3\";",
            "ALTER PUBLICATION \"cdc_x#2\" DROP TABLE ONLY \"s\".\"t3\";", "ALTER PUBLICATION \"cdc_x#2\" DROP TABLE ONLY \"s\".\"t9\";",
            "ALTER PUBLICATION \"cdc_x_insert#1\" DROP TABLE ONLY \"s\".\"t2\";",
            "ALTER PUBLICATION \"cdc_x_insert\" ADD TABLE ONLY \"s\".\"t4\"; ALTER PUBLICATION \"cdc_x_insert#1\" DROP TABLE ONLY \"s\".\"t4\";",
            "ALTER PUBLICATION \"cdc_x_insert\" ADD TABLES IN SCHEMA \"more\"; ALTER PUBLICATION \"cdc_x_insert#1\" DROP TABLES IN SCHEMA \"more\";",
            "ALTER PUBLICATION \"cdc_x\" ADD TABLE ONLY \"s\".\"t1\", ONLY \"s\".\"t2\", ONLY \"s\".\"t5\"; "
                + "ALTER PUBLICATION \"cdc_x#1\" DROP TABLE ONLY \"s\".\"t1\", ONLY \"s\".\"t2\", ONLY \"s\".\"t5\";",
        ], plan.Steps.Select(s => s.Sql));
        Assert.Empty(plan.NewlyPublished);
        Assert.All(plan.Steps, s => Assert.Equal(s.From is null, s.IsNeeded));
        Assert.DoesNotContain(Plan(isOwner: false).Steps, s => s.From is not null && !s.Locks.IsEmpty);

        PublicationPlan Plan(bool isOwner) => new(
            Names, [.. matched.Select(t => t with { Privileges = new(true, true, isOwner, false, "o") })], there,
            new Dictionary<uint, TableName> { [9] = new("s", "t9") }, ["more"]);
    }

    [Fact]
    public void Publications_of_another_role_keep_nobody_from_starting_who_needs_nothing_of_them()
    {
        PublicationFacts[] theirs =
        [
            There("cdc_x", PublicationPlan.PublishAll, 1) with { IsOwned = false },
            There("cdc_x_insert", PublicationPlan.PublishInserts) with { IsOwned = false },
            There("cdc_x#1", PublicationPlan.PublishAll, 2) with { IsOwned = false },
            There("cdc_x#2", PublicationPlan.PublishNothing) with { IsOwned = false },
        ];
        PublicationPlan plan = new(Names, [Table(1), Table(2)], theirs, ImmutableDictionary<uint, TableName>.Empty, null, SpareMaking.Closed);
        Assert.DoesNotContain(plan.Steps, s => s.IsNeeded);
        Assert.All(plan.Steps, s => Assert.True(s.Creates));
        Assert.True(plan.LacksSpares);
        plan = new(Names, [Table(1), Table(2)], theirs, ImmutableDictionary<uint, TableName>.Empty, [], SpareMaking.Untouched);
        Assert.Empty(plan.Steps);
    }

    [Fact]
    public void No_changefeed_has_a_spare_of_another_as_its_own()
    {
        foreach (string spare in Names.KeyedSpares.Concat(Names.InsertSpares))
        {
            Assert.True(PostgresNames.IsSpare(spare));
            Assert.False(ChangefeedName.IsValid(spare["cdc_".Length..]));
            Assert.Null(ChangefeedName.OfSlot(spare));
        }
        Assert.False(PostgresNames.IsSpare(Names.Keyed) || PostgresNames.IsSpare(Names.InsertOnly));
        Assert.True(new PostgresNames(new('x', ChangefeedName.MaxLength)).Publications.Max(n => n.Length) < 64);
    }

    [Theory]
    [InlineData("it's", "'it''s'")]
    [InlineData("a\\'b", " E'a\\\\''b'")]
    public void Literals_survive_both_readings_of_a_backslash(string text, string literal) =>
        Assert.Equal(literal, PostgresNames.Literal(text));
}
