using System.Collections.Immutable;
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

    [Theory]
    [InlineData("it's", "'it''s'")]
    [InlineData("a\\'b", " E'a\\\\''b'")]
    public void Literals_survive_both_readings_of_a_backslash(string text, string literal) =>
        Assert.Equal(literal, PostgresNames.Literal(text));
}
