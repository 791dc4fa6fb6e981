using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;

namespace Cdc.Engine.Tests.Options;

public sealed class SelectionCheckTests
{
    static readonly TableName[] Shop = [new("public", "orders"), new("public", "secrets"), new("sales", "audit")];

    [Theory]
    [InlineData("public.secret", "public.secrets")]
    [InlineData("secrets", "public.secrets")]
    [InlineData("sale", "sales")]
    public void A_name_to_leave_out_that_matches_nothing_is_refused_with_the_one_that_was_meant(string text, string meant)
    {
        Problem problem = Assert.Single(Find([], [text]));
        Assert.False(problem.IsWarning);
        Assert.Equal(FailureKind.Usage, problem.Kind);
        Assert.Contains($"--exclude {text} ", problem.Sentence, StringComparison.Ordinal);
        Assert.Contains($"Did you mean {meant}?", problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void One_of_several_names_to_carry_that_matches_nothing_is_refused() =>
        Assert.False(Assert.Single(Find(["public.orders", "public.order"], [])).IsWarning);

    [Theory]
    [InlineData("public.tmp_*", "audit_?.x")]
    [InlineData("archive.*", "archive.*")]
    public void A_pattern_may_be_meant_for_tables_to_come(string carry, string leaveOut)
    {
        Problem[] problems = Find(["public.orders", carry], [leaveOut]);
        Assert.Equal(2, problems.Length);
        Assert.All(problems, static problem => Assert.True(problem.IsWarning));
    }

    [Fact]
    public void A_table_that_is_gone_does_not_keep_a_changefeed_from_going_on()
    {
        Dictionary<string, string> earlier = new() { ["exclude"] = "public.old sales", ["tables"] = "public public.gone" };
        Assert.True(Assert.Single(Find([], ["public.old", "sales"], earlier)).IsWarning);
        Assert.True(Assert.Single(Find(["public", "public.gone"], [], earlier)).IsWarning);
        Assert.False(Assert.Single(Find([], ["public.ol"], earlier)).IsWarning);
    }

    [Fact]
    public void What_matches_is_no_problem_also_where_both_name_it()
    {
        Assert.Empty(Find(["public", "sales.audit"], ["public.secrets", "sales.*"]));
        // Left out of what is not carried anyway: one command for several selections.
        Assert.Empty(Find(["public"], ["sales.audit"]));
    }

    static Problem[] Find(string[] tables, string[] exclude, Dictionary<string, string>? earlier = null)
    {
        TableSelection selection = new(
            [.. tables.Select(TablePattern.Parse)], [.. exclude.Select(TablePattern.Parse)]);
        SourceFacts facts = new()
        {
            Identity = new("postgres", "7", "shop"),
            Position = new(PositionState.Absent, "cdc_feed"),
            Tables = [.. Shop.Where(selection.Matches).Select(static name =>
                new MatchedTable(name, 1, 0, 0, ["id"], true, ReplicaIdentity.Default) { Columns = ["id"] })],
            Excluded = [.. Shop.Where(selection.IsExcluded)],
        };
        return [.. SelectionCheck.Problems(selection, facts, earlier)];
    }
}
