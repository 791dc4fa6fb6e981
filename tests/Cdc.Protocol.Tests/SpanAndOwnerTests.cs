namespace Cdc.Protocol.Tests;

public sealed class SpanAndOwnerTests
{
    [Fact]
    public void A_span_holds_its_first_hash_and_not_its_end()
    {
        TableSpan half = new(new TableId(3), 0, 1UL << 31);
        Assert.True(half.Contains(0));
        Assert.True(half.Contains((1U << 31) - 1));
        Assert.False(half.Contains(1U << 31));
        Assert.True(TableSpan.Whole(new TableId(3)).Contains(uint.MaxValue));
    }

    [Fact]
    public void Neighbours_do_not_overlap_and_other_tables_never_do()
    {
        TableSpan low = new(new TableId(3), 0, 10), high = new(new TableId(3), 10, TableSpan.HashEnd);
        Assert.False(low.Overlaps(high));
        Assert.True(low.Overlaps(TableSpan.Whole(new TableId(3))));
        Assert.False(low.Overlaps(TableSpan.Whole(new TableId(4))));
    }

    [Theory]
    [InlineData(5u, 5ul)]
    [InlineData(6u, 5ul)]
    [InlineData(0u, TableSpan.HashEnd + 1)]
    public void An_empty_or_too_wide_span_is_refused(uint from, ulong to) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TableSpan(new TableId(1), from, to));

    [Fact]
    public void A_later_epoch_wins_over_any_number_within_an_earlier_one()
    {
        Assert.True(new Owner(1, 900) < new Owner(2, 1));
        Assert.True(new Owner(2, 1) < new Owner(2, 2));
    }

    [Fact]
    public void At_one_position_the_ddl_comes_before_the_syncpoint()
    {
        CommitTs at = new(9, 1);
        Assert.True(new BlockEventId(at, false).CompareTo(new BlockEventId(at, true)) < 0);
        Assert.True(new BlockEventId(at, true).CompareTo(new BlockEventId(new CommitTs(9, 3), false)) < 0);
    }

    [Fact]
    public void An_influence_is_equal_by_its_tables()
    {
        Assert.Equal<Influence>(new Influence.Normal([new TableId(1), new TableId(2)]), new Influence.Normal([new TableId(1), new TableId(2)]));
        Assert.NotEqual<Influence>(new Influence.Normal([new TableId(1)]), new Influence.Normal([new TableId(2)]));
        Assert.NotEqual<Influence>(new Influence.All(), new Influence.Database("shop"));
    }
}
