namespace Cdc.Protocol.Tests;

public sealed class CoverageTests
{
    const ulong End = TableSpan.HashEnd;
    readonly Coverage _coverage = new();

    [Fact]
    [Trait("AC", "R5")]
    public void Nothing_is_covered_at_first()
    {
        Assert.False(_coverage.IsWhole);
        Assert.Equal([TableSpan.Whole(new TableId(1))], _coverage.Holes(new TableId(1)));
    }

    [Fact]
    [Trait("AC", "R6")]
    public void A_whole_span_covers_all()
    {
        Add(0, End);
        Assert.True(_coverage.IsWhole);
        Assert.Empty(_coverage.Holes(new TableId(1)));
    }

    [Theory]
    [Trait("AC", "R7")]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 1, 0)]
    public void Neighbours_join_in_whatever_order_they_come(int first, int second, int third)
    {
        (uint From, ulong To)[] parts = [(0, 100), (100, 200), (200, End)];
        Add(parts[first].From, parts[first].To);
        Add(parts[second].From, parts[second].To);
        Assert.False(_coverage.IsWhole);
        Add(parts[third].From, parts[third].To);
        Assert.True(_coverage.IsWhole);
    }

    [Fact]
    [Trait("AC", "R8")]
    public void Overlaps_join_and_a_repeat_changes_nothing()
    {
        Add(0, 150);
        Add(100, 200);
        Add(0, 150);
        Add(120, 130);
        Assert.Equal([Span(200, End)], _coverage.Holes(new TableId(1)));
        Add(50, End);
        Assert.True(_coverage.IsWhole);
    }

    [Fact]
    [Trait("AC", "R9")]
    public void A_hole_of_one_hash_is_a_hole()
    {
        Add(0, 100);
        Add(101, 200);
        Add(300, End - 1);
        Assert.False(_coverage.IsWhole);
        Assert.Equal([Span(100, 101), Span(200, 300), Span(uint.MaxValue, End)], _coverage.Holes(new TableId(1)));
        Add(90, 310);
        Add(uint.MaxValue, End);
        Assert.True(_coverage.IsWhole);
    }

    [Fact]
    [Trait("AC", "R10")]
    public void Reset_forgets_all()
    {
        Add(0, End);
        _coverage.Reset();
        Assert.False(_coverage.IsWhole);
        Add(10, End);
        Assert.Equal([Span(0, 10)], _coverage.Holes(new TableId(1)));
    }

    [Fact]
    [Trait("AC", "R11")]
    public void It_agrees_with_counting_each_hash_on_random_spans()
    {
        Random random = new(7);
        for (int run = 0; run < 2000; run++)
        {
            _coverage.Reset();
            bool[] covered = new bool[16];
            for (int i = random.Next(8); i >= 0; i--)
            {
                int from = random.Next(16), to = random.Next(from + 1, 17);
                Add((uint)from << 28, (ulong)to << 28);
                Array.Fill(covered, true, from, to - from);
            }

            Assert.Equal(Array.TrueForAll(covered, static hash => hash), _coverage.IsWhole);
            bool[] holes = new bool[16];
            foreach (TableSpan hole in _coverage.Holes(new TableId(1)))
                Array.Fill(holes, true, (int)(hole.From >> 28), (int)((hole.To - hole.From) >> 28));
            Assert.Equal(covered.Select(static hash => !hash), holes);
        }
    }

    void Add(uint from, ulong to) => _coverage.Add(Span(from, to));

    static TableSpan Span(uint from, ulong to) => new(new TableId(1), from, to);
}
