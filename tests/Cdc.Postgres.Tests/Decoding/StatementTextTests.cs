using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Decoding;
using Cdc.Protocol;

namespace Cdc.Postgres.Tests.Decoding;

public sealed class StatementTextTests
{
    [Theory]
    [InlineData("alter table t add c int;", "ALTER TABLE", "alter table t add c int;")]
    [InlineData("begin; /* a; */ alter table t add c text default ';' ; commit", "ALTER TABLE", "alter table t add c text default ';'")]
    [InlineData("update t set a = 1; create index on t (a); drop index i", "CREATE INDEX", "create index on t (a)")]
    [InlineData("drop table a; drop table b", "DROP TABLE", null)]
    [InlineData("select 1; select f()", "ALTER TABLE", null)]
    [InlineData("alter table t add c int; select 'never ends", "ALTER TABLE", null)]
    [InlineData("alter table t add c int; select '\\'; drop table t; --'", "ALTER TABLE", null)]
    [InlineData(";;", "ALTER TABLE", null)]
    public void One_of_several_is_taken_if_no_other_has_its_tag(string sql, string tag, string? found) =>
        Assert.Equal(found, StatementText.Find(sql, tag, []));

    [Theory]
    [InlineData("alter table t alter a type bigint using a + 1; update t set b = ''; alter table t alter b set not null", 1)]
    [InlineData("alter table u alter a type bigint; alter table if exists only s.t alter column \"a\" set data type bigint", 2)]
    [InlineData("alter table t alter b type text, alter c type int; alter table T alter A type bigint", 2)]
    [InlineData("alter table x.t alter a type bigint; alter table s.t alter a type bigint", 2)]
    [InlineData("alter table t alter a type int; alter table t alter a type bigint", 0)]
    [InlineData("set search_path = x; alter table t alter a type bigint; set search_path = s; alter table t alter a type bigint", 0)]
    [InlineData("alter table t alter a type int; alter table U&\"\\0074\" alter a type bigint", 0)]
    [InlineData("alter table t add a int; alter table t drop b", 0)]
    public void Of_several_alike_the_one_is_taken_that_sets_the_types_which_changed(string sql, int which)
    {
        string? expected = which == 0 ? null : sql.Split("; ").Where(s => s.StartsWith("alter", StringComparison.Ordinal)).ElementAt(which - 1);
        Assert.Equal(expected, StatementText.Find(sql, "ALTER TABLE", [Changed("t", ("a", "integer", "bigint"), ("b", "text", "text"))]));
    }

    [Theory]
    [InlineData("set", "alter table s.t alter set type bigint; alter table t alter b type text")]
    [InlineData("data", "alter table s.t alter data set data type bigint; alter table t alter b type text")]
    [InlineData("data", "alter table s.t alter data type bigint; alter table t alter b type text")]
    [InlineData("type", "alter table s.t alter type type bigint; alter table t alter b type text")]
    [InlineData("column", "alter table s.t alter \"column\" type bigint; alter table t alter b type text")]
    [InlineData("if", "alter table s.t alter if type bigint; alter table t alter b type text")]
    [InlineData("Ä", "alter table s.t alter ä type bigint; alter table t alter b type text")]
    public void A_column_may_be_called_as_a_word_of_the_statement(string column, string sql) =>
        Assert.Equal(sql[..sql.IndexOf(';', StringComparison.Ordinal)],
            StatementText.Find(sql, "ALTER TABLE", [Changed("t", (column, "integer", "bigint"), ("b", "text", "text"))]));

    [Fact]
    public void Rows_written_anew_without_another_type_are_of_the_one_that_sets_any()
    {
        SchemaChange change = Changed("t", ("a", "integer", "integer"));
        Assert.Equal("alter table t alter a type int using a + 1",
            StatementText.Find("alter table t alter a set not null; alter table t alter a type int using a + 1", "ALTER TABLE", [change]));
    }

    [Fact]
    public void A_table_above_that_is_not_captured_may_have_been_the_one()
    {
        SchemaChange.TableAltered child = Changed("t", ("a", "integer", "bigint"));
        TableSchema Below(TableSchema table) => table with { Definition = table.Definition! with { Inherits = [new("s", "up")] } };
        SchemaChange change = child with { Before = Below(child.Before), After = Below(child.After) };
        const string both = "alter table s.up alter a type bigint; alter table s.other alter a type bigint";
        Assert.Null(StatementText.Find(both, "ALTER TABLE", [change]));
        Assert.Equal("alter table s.up alter a type bigint",
            StatementText.Find(both, "ALTER TABLE", [change, Changed("up", ("a", "integer", "bigint"))]));
    }

    [Fact]
    public void A_name_that_is_too_long_may_be_any()
    {
        string sql = $"alter table t alter {new string('x', 70)} type bigint; alter table t alter b type int";
        Assert.Equal(sql[..sql.IndexOf(';', StringComparison.Ordinal)],
            StatementText.Find(sql, "ALTER TABLE", [Changed("t", (new string('x', 63), "integer", "bigint"))]));
    }

    static SchemaChange.TableAltered Changed(string name, params (string Name, string Before, string After)[] columns) => new(
        Table(name, columns.Select(static c => (c.Name, c.Before))), Table(name, columns.Select(static c => (c.Name, c.After))),
        TableRewrite.ColumnType);

    static TableSchema Table(string name, IEnumerable<(string Name, string Type)> columns) => new()
    {
        Id = new(1), Since = CommitTs.Zero, SourceId = 1, Name = new("s", name), Columns = [],
        Definition = new() { Columns = [.. columns.Select(static (column, i) => new ColumnDefinition(i + 1, column.Name, column.Type))] },
    };
}
