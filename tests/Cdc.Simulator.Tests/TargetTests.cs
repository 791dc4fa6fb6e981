using Cdc.Protocol;
using Cdc.Simulator.Cluster;
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
    [InlineData(TargetKind.Lines)]
    [InlineData(TargetKind.BareLines)]
    public void Lines_that_the_protocol_loses_are_noticed(TargetKind kind) =>
        Assert.Matches("(lines are there of|no line missing: table)", factory.Make(Gap).FirstBroken(1, 100, kind));

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

    [Fact]
    public void A_unique_value_in_two_rows_is_noticed_once_the_column_is_unique()
    {
        KeyedTable table = new(new(new(1), "s", true, CommitTs.Zero));
        table.Apply(At(10), Unique(1, 5), 0, isChecked: true);
        table.Apply(At(10), Unique(2, 5), 0, isChecked: true);
        table.StepEnded(At(10));
        Assert.Equal("unique", Broken(() => table.AddUnique(At(11))));
        table.Apply(At(12), Unique(2, 6), 0, isChecked: true);
        table.StepEnded(At(12));
        table.Apply(At(13), Unique(1, 6), 0, isChecked: true);
        Assert.Equal("unique", Broken(() => table.StepEnded(At(13))));
    }

    [Fact]
    public void A_foreign_key_that_a_row_breaks_and_a_referred_table_emptied_alone_are_noticed()
    {
        TableId child = new(1), parent = new(2);
        KeyedTable children = new(new(child, "s", true, CommitTs.Zero));
        KeyedTable parents = new(new(parent, "s", true, CommitTs.Zero));
        SortedDictionary<TableId, TargetTable> tables = new() { [child] = children, [parent] = parents };
        ForeignKeys keys = new();
        children.Apply(At(10), Unique(3, 1), 0, isChecked: true);
        Assert.Equal("foreign key", Broken(() => keys.Add(new(child, parent), tables)));
        parents.Apply(At(10), Unique(3, 1), 0, isChecked: true);
        keys.Add(new(child, parent), tables);
        keys.Truncate([child, parent], tables);
        Assert.Equal("foreign key", Broken(() => keys.Truncate([parent], tables)));
    }

    [Theory]
    [InlineData(TargetKind.Database)]
    [InlineData(TargetKind.Lines)]
    [InlineData(TargetKind.BareLines)]
    public void An_event_that_needs_a_table_in_one_span_is_noticed_while_that_is_not_of_one_owner(TargetKind kind)
    {
        const ulong Ended = 9;
        TableId table = new(1);
        TableSpan low = new(table, 0, 1u << 31), high = new(table, 1u << 31, TableSpan.HashEnd);
        BlockStep block = new(
            new(At(10), false), BlockPayload.Of(new Influence.Normal([table])) with { Unsplit = [table] },
            new("alter key", [], [], [], []));
        SimNode living = NodeOf(2), former = NodeOf(1), gone = NodeOf(2);
        gone.IsAlive = false;
        Assert.Equal("INV-34", Broken(() => Execute()));
        Assert.Equal("INV-34", Broken(() => Execute((low, 1, living), (high, 2, living))));
        Assert.Equal("INV-34", Broken(() => Execute((TableSpan.Whole(table), 1, living), (low, 2, living))));
        // A former owner of a part comes late: refused, or, where nobody is, of no effect.
        Execute((low, 1, living), (high, 2, living), (TableSpan.Whole(table), 4, living), (low, 3, living));
        // One that has ended, also where its claim comes later.
        Execute((TableSpan.Whole(table), 1, living), (low, Ended, living));
        // Leftovers that nobody tells to go on.
        Execute((TableSpan.Whole(table), 1, living), (low, 2, gone), (high, 3, former));

        void Execute(params (TableSpan Span, ulong Number, SimNode Node)[] claims)
        {
            ModelSource source = new();
            source.AddTable(new(table, "s", true, CommitTs.Zero));
            ModelTarget target = new(source, kind, static _ => false, new());
            target.CreateTable(table);
            target.LetGo(new(1, Ended));
            foreach ((TableSpan span, ulong number, SimNode node) in claims)
                target.TryClaim(span, new(1, number), node, out _);
            Assert.True(target.Execute(block, new(2)));
        }
    }

    /// <summary>A node whose manager obeys an epoch.</summary>
    static SimNode NodeOf(ulong epoch) => new(new("n"), 0, new(), TimeSpan.Zero, 1) { Obeys = () => new(epoch) };

    static RowChange Unique(uint key, byte unique) => new(new(1), key, RowChange.WithUnique(1, unique), 1);

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
