using Cdc.Engine.Ddl;
using Cdc.Engine.Filters;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Filters;

public sealed class DdlFilterTests
{
    static readonly TableSchema Cards = new()
    {
        Id = new(1), Name = new("shop", "cards"), SourceId = 1,
        Columns =
        [
            new("id", new(TypeKind.Int32, "int4"), true), new("number", new(TypeKind.Text, "text")),
            new("owner", new(TypeKind.Int32, "int4")),
        ],
        Key = [0],
        Definition = new()
        {
            Columns =
            [
                new(1, "id", "integer") { NotNull = true }, new(2, "number", "text"), new(3, "owner", "integer"),
                new(4, "short", "text") { IsGenerated = true, Default = "\"right\"(number, 4)" },
                new(5, "shorter", "text") { IsGenerated = true, Default = "\"right\"(short, 2)" },
                new(6, "year", "integer") { IsGenerated = true, Default = "(owner + 1)" },
            ],
            Constraints =
            [
                new("cards_pkey", ConstraintKind.PrimaryKey, "PRIMARY KEY (id)"),
                new("long", ConstraintKind.Check, "CHECK ((length(number) > 10))"),
                new("number", ConstraintKind.ForeignKey, "FOREIGN KEY (owner) REFERENCES shop.owners(number)",
                    new("shop", "owners")),
            ],
            Indexes =
            [
                new("by_number", "CREATE INDEX by_number ON shop.cards USING btree (number)", false),
                new("number", "CREATE INDEX number ON shop.cards USING btree (owner)", false),
                new("by_short", "CREATE INDEX by_short ON shop.cards USING btree (short)", false),
            ],
            Sequences =
                [new(new("shop", "s"), "number", false, "bigint", 1, 1, 1, 9, 1, false)],
        },
    };

    [Fact]
    public void Columns_left_out_go_with_all_that_names_them()
    {
        TableDefinition definition = Filter("shop.cards.number").Apply(Cards).Definition!;
        Assert.Equal(["id", "owner", "year"], definition.Columns.Select(static c => c.Name));
        Assert.Equal(["cards_pkey", "number"], definition.Constraints.Select(static c => c.Name));
        Assert.Equal(["number"], definition.Indexes.Select(static i => i.Name));
        Assert.Empty(definition.Sequences);
    }

    [Fact]
    public void A_foreign_key_to_a_column_left_out_goes_and_rows_carry_the_same_version()
    {
        ChangeFilter filter = Filter("shop.owners.number");
        TableSchema left = filter.Apply(Cards);
        Assert.Equal(["cards_pkey", "long"], left.Definition!.Constraints.Select(static c => c.Name));
        Assert.Equal(6, left.Definition.Columns.Count);

        RowWriter writer = new(new RowBlockPool());
        writer.Begin(new(new(5, 0), 0, 1));
        writer.StartRow(Cards, Op.Insert);
        foreach (string _ in (string[])["1", "2", "3"]) writer.Null();
        writer.EndRow();
        writer.Close();
        writer.Seal();
        RowBatch batch = filter.Apply(writer.Completed[0])!;
        Assert.Same(left, batch.Schema);
        batch.Release();
    }

    [Fact]
    public void A_statement_that_only_touched_what_is_left_out_is_left_out()
    {
        TableSchema before = Cards with
        {
            Definition = Cards.Definition! with { Indexes = [Cards.Definition.Indexes[1]] },
        };
        Assert.Null(Filter("shop.cards.number").Apply(Event(null, new SchemaChange.TableAltered(before, Cards, TableRewrite.None))));
        Assert.NotNull(Filter("shop.cards.other").Apply(Event(null, new SchemaChange.TableAltered(before, Cards, TableRewrite.None))));
        Assert.NotNull(Filter("shop.cards.number").Apply(
            Event(null, new SchemaChange.TableAltered(Cards, Cards, TableRewrite.ColumnType))));
    }

    [Theory]
    [InlineData("alter table cards add number text", true)]
    [InlineData("alter table cards add \"number\" text", true)]
    [InlineData("alter table cards add c text default 'number'", false)]
    public void A_text_that_names_what_is_left_out_goes(string sql, bool goes)
    {
        DdlEvent left = Filter("shop.cards.number").Apply(Event(sql, new SchemaChange.TableCreated(Cards)))!;
        Assert.Equal(goes ? null : sql, left.Sql);
        Assert.DoesNotContain(left.Concerned[0].Definition!.Columns, static c => c.Name == "number");
    }

    [Fact]
    public void Without_patterns_nothing_is_touched()
    {
        DdlEvent all = Event("x", new SchemaChange.TableCreated(Cards), new SchemaChange.SchemaDropped("s"));
        Assert.Same(all, ChangeFilter.PassAll.Apply(all));
        Assert.Same(Cards, Filter("other.*.x").Apply(Cards));
    }

    static ChangeFilter Filter(params string[] columns) => ChangeFilter.Parse(columns, [], new RowBlockPool());

    static DdlEvent Event(string? sql, params SchemaChange[] changes) =>
        new(new(new(new(5, 1), false), new Influence.All()), default, "ALTER TABLE", [.. changes]) { Sql = sql };
}
