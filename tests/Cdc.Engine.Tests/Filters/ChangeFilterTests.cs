using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Engine.Tests.Rows;
using Cdc.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Engine.Tests.Filters;

public sealed class ChangeFilterTests
{
    readonly RowBlockPool _pool = new();

    [Fact]
    public void What_stays_is_exactly_the_rest_of_every_row() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            ChangeFilter filter =
                Filter(["public.wide.c1*", "public.middle.c2"], ["public.w*:update", "public.narrow:insert,delete"]);
            (List<PlainRow> rows, List<RowBatch> batches) = Transaction(seed);
            List<PlainRow> expected = [.. rows.Where(Stays).Select(Narrow)];
            List<RowBatch> left = [.. batches.Select(filter.Apply).OfType<RowBatch>()];
            Assert.Equal(expected, PlainRow.Of(left));
            left.ForEach(static batch => batch.Release());
            Assert.Equal(0, _pool.BytesOut);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void AC_V1_a_rebuilt_batch_keeps_its_acknowledgement()
    {
        ChangeFilter filter = Filter(["*.*.c2"], []);
        foreach (RowBatch batch in Transaction(1).Batches)
        {
            Acknowledgement acknowledgement = batch.Acknowledgement;
            RowBatch? rebuilt = filter.Apply(batch);
            Assert.Same(acknowledgement, rebuilt!.Acknowledgement);
            Assert.False(acknowledgement.IsEnqueued);
            Assert.False(acknowledgement.IsFlushed);
        }
    }

    [Fact]
    public void AC_V1_a_batch_of_which_nothing_is_left_is_enqueued_and_flushed_at_once()
    {
        ChangeFilter filter = Filter([], ["*:insert,update,delete"]);
        (List<PlainRow> rows, List<RowBatch> batches) = Transaction(1);
        foreach (RowBatch batch in batches)
        {
            RowBatch? left = filter.Apply(batch);
            Assert.Equal(left is null, batch.Acknowledgement.IsFlushed);
            Assert.Equal(left is null, batch.Acknowledgement.IsEnqueued);
            left?.Release();
        }
        Assert.Contains(rows, static row => row.Op == Op.Snapshot);
        Assert.Contains(batches, static batch => batch.Acknowledgement.IsFlushed);
        Assert.Equal(0, _pool.BytesOut);
    }

    [Fact]
    public void A_batch_without_a_rule_or_without_a_dropped_row_is_the_same_object()
    {
        ChangeFilter other = Filter(["other.*.c2"], ["other.*:insert"]);
        ChangeFilter ops = Filter([], ["public.*:truncate"]);
        foreach (RowBatch batch in Transaction(2).Batches)
        {
            Assert.Same(batch, other.Apply(batch));
            Assert.Same(batch, ops.Apply(batch));
            Assert.Same(batch, Filter([], []).Apply(batch));
        }
    }

    [Fact]
    public void The_derived_schema_is_one_object_and_its_key_is_renumbered()
    {
        TableSchema schema = RandomRows.Find(new(2)) with { Key = [3, 1] };
        ChangeFilter filter = Filter(["public.middle.c0", "public.middle.c2"], []);
        TableSchema derived = filter.Apply(schema);
        Assert.Equal(["c1", "c3"], derived.Columns.Select(static column => column.Name));
        Assert.Equal([1, 0], derived.Key);
        Assert.Equal((schema.Id, schema.Since, schema.Name), (derived.Id, derived.Since, derived.Name));
        Assert.Same(derived, filter.Apply(schema));
    }

    [Fact]
    public void A_column_of_the_key_can_not_be_left_out()
    {
        TableSchema schema = RandomRows.Find(new(2));
        ChangeFilter filter = Filter(["public.middle.*"], []);
        Problem problem = Assert.Single(filter.Problems(schema));
        Assert.Equal(FailureKind.Usage, problem.Kind);
        Assert.Contains("public.middle.c0", problem.Sentence);
        Assert.Empty(filter.Problems(RandomRows.Find(new(3))));
        Assert.Equal(FailureKind.TableStopped, Assert.Throws<CdcException>(() => filter.Apply(schema)).Kind);
    }

    [Theory]
    [InlineData("public.middle.c9", "public.middle.c0")]
    [InlineData("public.midle.c1", "public.middle.c1")]
    [InlineData("public.*.c17", "public.middle.c1")]
    [InlineData("elsewhere.nothing.secret", null)]
    public void A_pattern_that_matches_no_column_is_a_problem(string pattern, string? meant)
    {
        Problem problem = Assert.Single(Filter([pattern], []).Problems([Matched(2)], []));
        Assert.Equal(FailureKind.Usage, problem.Kind);
        Assert.Contains($"--exclude-columns {pattern}", problem.Sentence);
        if (meant is null) Assert.DoesNotContain("Did you mean", problem.Fix);
        else Assert.Contains($"Did you mean {meant}?", problem.Fix);
    }

    [Fact]
    public void A_pattern_that_matches_an_earlier_version_of_a_table_is_none()
    {
        ChangeFilter filter = Filter(["public.wide.c29"], ["public.wide:delete"]);
        Assert.Empty(filter.Problems([Matched(2)], [RandomRows.Find(new(3))]));
        Assert.Equal(2, filter.Problems([Matched(2)], []).Count());
    }

    [Fact]
    public void Without_any_table_the_patterns_are_not_what_is_wrong() =>
        Assert.Empty(Filter(["public.wide.c29"], ["public.wide:delete"]).Problems([], []));

    [Fact]
    public void A_truncate_keeps_the_tables_that_have_no_rule()
    {
        ImmutableArray<TableSchema> tables = [RandomRows.Find(new(1)), RandomRows.Find(new(2))];
        TruncateEvent truncate = new(
            new(new(new(9, 1), false), new Influence.All()), new(new(9, 1), 1, 1), tables, false, false);
        Assert.Same(truncate, Filter([], []).Apply(truncate));
        Assert.Equal([tables[1]], Filter([], ["public.narrow:truncate"]).Apply(truncate)!.Tables);
        Assert.Null(Filter([], ["public:truncate"]).Apply(truncate));
    }

    [Theory]
    [InlineData("a.b", null)]
    [InlineData("a", null)]
    [InlineData("a.b.c.d", null)]
    [InlineData(null, "a.b")]
    [InlineData(null, "a.b:")]
    [InlineData(null, "a.b:drop")]
    public void A_text_that_is_no_rule_is_refused(string? column, string? ops)
    {
        FormatException failure = Assert.Throws<FormatException>(
            () => Filter(column is null ? [] : [column], ops is null ? [] : [ops]));
        Assert.Contains($"'{column ?? ops}'", failure.Message);
    }

    static bool Stays(PlainRow row) => row.Table.Value switch
    {
        1 => row.Op is not Op.Insert and not Op.Delete,
        3 => row.Op != Op.Update,
        _ => true,
    };

    static PlainRow Narrow(PlainRow row)
    {
        ImmutableArray<Column> columns = RandomRows.Find(row.Table).Columns;
        bool Kept(int i) => row.Table.Value switch
        {
            3 => !columns[i].Name.StartsWith("c1"),
            2 => columns[i].Name != "c2",
            _ => true,
        };
        ImmutableArray<string?> cells = [.. row.New.Where((_, i) => Kept(i))];
        RowFlags flags = row.Table.Value is 1 or 4 ? row.Flags
            : (row.Flags & RowFlags.KeyChanged) | (cells.Contains(PlainRow.Unchanged) ? RowFlags.HasUnchanged : 0);
        return row with { Old = [.. row.Old.Where((_, i) => Kept(i))], New = cells, Flags = flags };
    }

    static MatchedTable Matched(long id)
    {
        TableSchema schema = RandomRows.Find(new(id));
        return new(schema.Name, 1, 0, 0, ["c0"], true, ReplicaIdentity.Default)
        {
            Columns = [.. schema.Columns.Select(static column => column.Name)],
        };
    }

    ChangeFilter Filter(string[] columns, string[] ops) => ChangeFilter.Parse(columns, ops, _pool);

    (List<PlainRow> Rows, List<RowBatch> Batches) Transaction(int seed)
    {
        RowWriter writer = new(_pool);
        List<PlainRow> rows = new RandomRows(seed).Write(writer, new(new(77, 0), 99, 7), rows: 100);
        writer.Commit(77, 99);
        writer.Seal();
        List<RowBatch> batches = [.. writer.Completed];
        writer.Completed.Clear();
        writer.Abandon();
        return (rows, batches);
    }
}
