using Cdc.Postgres.Target.Ddl;

namespace Cdc.Postgres.Tests.Target.Ddl;

public sealed class AlterTextTests
{
    [Theory]
    [InlineData("ALTER TABLE t ALTER a TYPE int", "a", null)]
    [InlineData("alter table only s.t alter column \"A b\" set data type numeric(1, 2) using f(\"A b\", ',')",
        "A b", "f(\"A b\", ',')")]
    [InlineData("ALTER TABLE t ADD x int DEFAULT 1, ALTER COLUMN Type TYPE text USING $$a, b$$ || (1, 2)::text, DROP y",
        "type", "$$a, b$$ || (1, 2)::text")]
    [InlineData("/* ALTER x TYPE */ ALTER TABLE t -- USING z\n ALTER a TYPE text USING a /* , */ || E'\\','; ",
        "a", "a /* , */ || E'\\','")]
    public void The_expression_of_a_new_type_is_found(string sql, string column, string? expression)
    {
        KeyValuePair<string, string?> found = Assert.Single(AlterText.ColumnTypes(sql));
        Assert.Equal(column, found.Key);
        Assert.Equal(expression, found.Value);
    }

    [Theory]
    [InlineData("ALTER TABLE t ALTER a SET DEFAULT 'TYPE'")]
    [InlineData("ALTER TABLE t ALTER CONSTRAINT c DEFERRABLE")]
    [InlineData("ALTER TYPE t ALTER ATTRIBUTE a TYPE int")]
    [InlineData("ALTER TABLE t ADD \"alter\" text DEFAULT 'ALTER a TYPE int'")]
    [InlineData("ALTER")]
    [InlineData("")]
    public void Other_statements_have_none(string sql) => Assert.Empty(AlterText.ColumnTypes(sql));

    [Fact]
    public void Several_columns_are_found_in_one_statement()
    {
        IReadOnlyDictionary<string, string?> found = AlterText.ColumnTypes(
            "ALTER TABLE t ALTER a TYPE text USING b::text, ALTER b TYPE text, ALTER c SET DATA TYPE int[] USING ARRAY[a, b]");
        Assert.Equal(["a", "b", "c"], found.Keys);
        Assert.Equal(["b::text", null, "ARRAY[a, b]"], found.Values);
    }
}
