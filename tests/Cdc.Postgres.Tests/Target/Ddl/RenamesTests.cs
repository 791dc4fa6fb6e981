using Cdc.Engine.Schemas;
using Cdc.Postgres.Target.Ddl;

namespace Cdc.Postgres.Tests.Target.Ddl;

public sealed class RenamesTests
{
    [Theory]
    [InlineData("CHECK ((a > 0))", "CHECK ((\"B\" > 0))", true)]
    [InlineData("CHECK ((a > 0))", "CHECK ((a > 0))", true)]
    [InlineData("CHECK ((a > 0))", "CHECK ((\"B\" > 1))", false)]
    [InlineData("CHECK ((x = 'a'::text))", "CHECK ((x = 'B'::text))", false)]
    [InlineData("CHECK ((m = 'x'::s.mood))", "CHECK ((m = 'x'::r.feeling))", true)]
    [InlineData("FOREIGN KEY (a) REFERENCES q.t(id)", "FOREIGN KEY (\"B\") REFERENCES p.t(id)", true)]
    public void A_text_that_only_names_something_renamed_is_the_same(string before, string after, bool areSame)
    {
        Renames shared = new();
        shared.Object(new("s", "mood"), new("r", "feeling"));
        shared.Schema("q", "p");
        Renames renames = new(shared);
        renames.Column("a", "B");
        Assert.Equal(areSame, renames.AreSame(before, after));
    }

    [Theory]
    [InlineData("a>b b>c")]
    [InlineData("a>b b>a")]
    [InlineData("a>b b>c c>a d>e x>x")]
    [InlineData("a>b b>a c>d d>c")]
    public void Renames_at_once_never_meet_a_name_that_is_taken(string renames)
    {
        (string From, string To)[] pairs = [.. renames.Split(' ').Select(static pair => (pair[..1], pair[2..]))];
        Dictionary<string, string> names = pairs.ToDictionary(static pair => pair.From, static pair => pair.From);
        foreach ((string from, string to) in RenameOrder.Of(pairs))
        {
            Assert.True(names.Remove(from, out string? who));
            names.Add(to, who);
        }
        Assert.All(pairs, pair => Assert.Equal(pair.From, names[pair.To]));
    }
}
