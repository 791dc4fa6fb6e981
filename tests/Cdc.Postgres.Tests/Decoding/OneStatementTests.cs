using Cdc.Postgres.Decoding;

namespace Cdc.Postgres.Tests.Decoding;

public sealed class OneStatementTests
{
    [Theory]
    [InlineData("alter table t add c int", "ALTER TABLE")]
    [InlineData("  -- first\n /* a /* b */ ; */ ALTER\tTABLE t add c text default ';' ; ; -- end", "ALTER TABLE")]
    [InlineData("create unlogged table t (a int)", "CREATE TABLE")]
    [InlineData("CREATE UNIQUE INDEX CONCURRENTLY ON t (a) WHERE b = E'\\';'", "CREATE INDEX")]
    [InlineData("create table \"a;b\" (c int default $x$;$x$::int)", "CREATE TABLE")]
    [InlineData("create or replace view v as select 1", "CREATE VIEW")]
    [InlineData("alter type mood add value 'it''s; ok'", "ALTER TYPE")]
    [InlineData("drop schema s cascade;", "DROP SCHEMA")]
    public void One_statement_with_its_tag_is_one(string sql, string tag) => Assert.True(OneStatement.Is(sql, tag));

    [Theory]
    [InlineData("", "ALTER TABLE")]
    [InlineData("alter table t add c int; drop table u", "ALTER TABLE")]
    [InlineData("begin; alter table t add c int", "ALTER TABLE")]
    [InlineData("do $$ begin alter table t add c int; end $$", "ALTER TABLE")]
    [InlineData("select f('alter table t')", "ALTER TABLE")]
    [InlineData("drop table t", "ALTER TABLE")]
    [InlineData("alter", "ALTER TABLE")]
    [InlineData("alter index i rename to j", "ALTER TABLE")]
    [InlineData("alter table t add c text default 'x", "ALTER TABLE")]
    [InlineData("alter table t add c text default '\\'; drop table t; --'", "ALTER TABLE")]
    [InlineData("alter table t /* never ends", "ALTER TABLE")]
    [InlineData("alter table t add c text default $x$ y", "ALTER TABLE")]
    [InlineData("\"alter\" table t", "ALTER TABLE")]
    [InlineData("explain analyze create table t as select 1", "CREATE TABLE AS")]
    public void What_is_more_or_other_or_unclear_is_not(string sql, string tag) => Assert.False(OneStatement.Is(sql, tag));

    [Fact]
    public void Any_text_is_judged_and_none_crashes()
    {
        const string pieces = "alter table;'\"$xe\\u&*/- \n1.ä𝄞";
        Random random = new(11);
        for (int round = 0; round < 50_000; round++)
        {
            string sql = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
            bool alone = OneStatement.Is("alter table " + sql, "ALTER TABLE");
            // Behind a semicolon another statement is another, if the text was clear until there.
            if (alone) Assert.False(OneStatement.Is($"alter table {sql}\n; drop table t", "ALTER TABLE"), sql);
        }
    }
}
