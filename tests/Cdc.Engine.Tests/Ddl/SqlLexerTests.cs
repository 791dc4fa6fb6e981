using Cdc.Engine.Ddl;

namespace Cdc.Engine.Tests.Ddl;

public sealed class SqlLexerTests
{
    [Theory]
    [InlineData("", "End")]
    [InlineData("select a.\"B \"\"c\" -- x\n from t1", "Word:select Word:a Symbol:. Name:\"B \"\"c\" Word:from Word:t1 End")]
    [InlineData("a/* /* */ */b", "Word:a Word:b End")]
    [InlineData("'it''s' E'\\'' U&'\\0041' x'1F' U&\"n\"", "Text:'it''s' Text:E'\\'' Text:U&'\\0041' Text:x'1F' Word:U Symbol:& Name:\"n\" End")]
    [InlineData("$1 + $$a;$b$$ $t$ $$ $t$", "Symbol:$ Number:1 Symbol:+ Text:$$a;$b$$ Text:$t$ $$ $t$ End")]
    [InlineData("a$b$c 1.5e-3 ä_1", "Word:a$b$c Number:1.5e Symbol:- Number:3 Word:ä_1 End")]
    [InlineData("'a\\b'", "Text:'a\\b' End")]
    [InlineData("x '\\'", "Word:x Unclear:'\\'")]
    [InlineData("\"never", "Unclear:\"never")]
    [InlineData("/* never", "Unclear:/* never")]
    public void Text_is_cut_as_the_server_cuts_it(string sql, string expected)
    {
        List<string> tokens = [];
        SqlLexer lexer = new(sql);
        SqlToken token;
        do
        {
            token = lexer.Next();
            tokens.Add(token.Kind == SqlTokenKind.End ? "End" : $"{token.Kind}:{token.Text}");
        }
        while (token.Kind is not (SqlTokenKind.End or SqlTokenKind.Unclear));
        Assert.Equal(expected, string.Join(' ', tokens));
    }

    [Theory]
    [InlineData("MyTable", "mytable")]
    [InlineData("\"My\"\"Table\"", "My\"Table")]
    [InlineData("ÄRGER", "Ärger")]
    public void Names_are_what_the_server_stores(string sql, string expected) =>
        Assert.Equal(expected, new SqlLexer(sql).Next().ToName());

    [Theory]
    [InlineData("CHECK ((price > 0))", true)]
    [InlineData("CHECK (('price' > 0::text))", false)]
    [InlineData("CHECK ((\"price\" > 0))", true)]
    [InlineData("CHECK ((\"Price\" > 0))", false)]
    public void A_name_is_found_outside_of_strings(string sql, bool expected) =>
        Assert.Equal(expected, SqlNames.Hold(sql, static name => name == "price"));

    [Fact]
    public void The_columns_of_an_index_or_a_foreign_key_are_told_from_its_other_names()
    {
        Assert.Equal(("(a, lower(b)) INCLUDE (c) WHERE d", ""),
            SqlNames.ColumnParts("CREATE INDEX \"x(y\" ON s.t USING btree (a, lower(b)) INCLUDE (c) WHERE d"));
        (string own, string referred) = SqlNames.ColumnParts("FOREIGN KEY (a) REFERENCES s.b(id) ON DELETE CASCADE");
        Assert.Equal("(a) ", own);
        Assert.Equal("(id) ON DELETE CASCADE", referred);
    }
}
