using Cdc.Protocol;
using Cdc.Simulator.Source;
using Cdc.Simulator.Target;
using Cdc.Simulator.Tests.Mutations;

namespace Cdc.Simulator.Tests;

/// <summary>Each kind of target notices what is wrong with what it gets.</summary>
public sealed class TargetTests(MutantFactory factory) : IClassFixture<MutantFactory>
{
    static readonly Mutation Gap = new("A gap is not noticed", "Sessions/SessionStream.cs",
        "if (number != _last + 1) return Verdict.Reset;", "");

    [Theory]
    [InlineData(TargetKind.Lines, "prefix")]
    [InlineData(TargetKind.BareLines, "no line missing")]
    public void Lines_that_the_protocol_loses_are_noticed(TargetKind kind, string rule) =>
        Assert.Contains($" {rule}: ", factory.Make(Gap).FirstBroken(1, 100, kind));

    [Fact]
    public void A_line_that_comes_twice_is_noticed()
    {
        AppendedTable table = Lines(mayRepeat: false, claims: 2);
        table.Apply(At(10), Change(1), 0, isChecked: true);
        Assert.Equal("each line once", Broken(() => table.Apply(At(10), Change(1), 0, isChecked: true)));
    }

    [Fact]
    public void Without_a_record_lines_come_again_only_when_somebody_has_claimed_again()
    {
        AppendedTable table = Lines(mayRepeat: true, claims: 1);
        table.Apply(At(10), Change(1), 0, isChecked: true);
        Assert.Equal("each line once", Broken(() => table.Apply(At(10), Change(1), 0, isChecked: true)));
        table.Claims = 2;
        table.Apply(At(10), Change(1), 0, isChecked: true);
        table.Apply(At(10), Change(1), 1, isChecked: true);
        table.Check(At(10), isExact: true, "prefix");
    }

    [Fact]
    public void Rows_that_are_alike_are_counted_one_by_one()
    {
        AppendedTable table = Lines(mayRepeat: false, claims: 1);
        table.Apply(At(10), Change(1), 0, isChecked: true);
        Assert.Equal("prefix", Broken(() => table.Check(At(10), isExact: true, "prefix")));
        table.Apply(At(10), Change(1), 1, isChecked: true);
        table.Check(At(10), isExact: true, "prefix");
        Assert.Equal("prefix", Broken(() => table.Check(At(9), isExact: true, "prefix")));
    }

    [Fact]
    public void A_line_that_is_left_out_or_of_other_content_is_noticed()
    {
        AppendedTable table = Lines(mayRepeat: true, claims: 2);
        Assert.Equal("no line missing", Broken(() => table.Apply(At(20), Change(2), 0, isChecked: true)));
        Assert.Equal("INV-24", Broken(() => table.Apply(At(10), Change(2), 0, isChecked: true)));
    }

    [Fact]
    public void Behind_a_copy_only_what_lies_behind_its_position_is_missed_and_a_late_copy_changes_nothing()
    {
        AppendedTable table = Lines(mayRepeat: true, claims: 2);
        table.Copy(At(10));
        table.Apply(At(20), Change(2), 0, isChecked: true);
        table.Copy(At(9));
        table.Check(At(20), isExact: true, "prefix");
        Assert.Equal(At(10), table.CopiedAt);
    }

    static CommitTs At(ulong commit) => new(commit, 0);

    static RowChange Change(ulong value) => new(new(1), 0, value, 1);

    /// <summary>Two rows alike at 10, one at 20.</summary>
    static AppendedTable Lines(bool mayRepeat, int claims)
    {
        TableHistory history = new(new(1), "s", false, CommitTs.Zero) { HasKey = false };
        history.Add(At(10), Change(1));
        history.Add(At(10), Change(1));
        history.Add(At(20), Change(2));
        return new(history, mayRepeat) { Claims = claims };
    }

    static string Broken(Action action) => Assert.Throws<ViolationException>(action).Rule;
}
