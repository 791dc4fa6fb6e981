namespace Cdc.Protocol.Tests;

public sealed class CommitTsTests
{
    [Fact]
    public void The_printed_form_has_a_fixed_width_and_sorts_as_text()
    {
        CommitTs[] ordered =
        [
            CommitTs.Zero, new(0, 1), new(1, 0), new(0xFF, 2), CommitTs.End(0xFF), new(0x100, 0), new(0x016B3748, 0),
            new(ulong.MaxValue, 0), CommitTs.End(ulong.MaxValue),
        ];
        string[] printed = [.. ordered.Select(static ts => ts.ToString())];
        Assert.All(printed, static text => Assert.Equal(CommitTs.TextLength, text.Length));
        Assert.Equal(printed, printed.Order(StringComparer.Ordinal));
        Assert.Equal("00000000016B3748.0000", new CommitTs(0x016B3748, 0).ToString());
    }

    [Fact]
    public void What_was_printed_is_read_back()
    {
        CommitTs ts = new(0xDEADBEEF01, 0x8001);
        Assert.Equal(ts, CommitTs.Parse(ts.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("16B3748.0")]
    [InlineData("00000000016B3748:0000")]
    [InlineData("00000000016B374G.0000")]
    [InlineData("00000000016B3748.00001")]
    public void Anything_else_is_refused(string? text) => Assert.False(CommitTs.TryParse(text, out _));

    [Fact]
    public void Previous_is_the_largest_smaller_one()
    {
        Assert.Equal(new CommitTs(5, 1), new CommitTs(5, 2).Previous);
        Assert.Equal(CommitTs.End(4), new CommitTs(5, 0).Previous);
        Assert.Throws<InvalidOperationException>(static () => CommitTs.Zero.Previous);
    }

    [Fact]
    public void The_source_is_told_a_commit_only_when_all_its_steps_lie_behind()
    {
        Assert.Equal(5UL, CommitTs.End(5).CompleteCommit);
        Assert.Equal(4UL, new CommitTs(5, 3).CompleteCommit);
        Assert.Equal(0UL, CommitTs.Zero.CompleteCommit);
    }

    [Fact]
    public void Rows_a_ddl_and_the_rows_after_it_sort_in_that_order()
    {
        CommitTs rows = new(7, 0), ddl = new(7, 1), later = new(7, 2);
        Assert.True(rows < ddl);
        Assert.True(ddl < later);
        Assert.True(later < new CommitTs(7, CommitTs.FirstSnapshotStep));
        Assert.True(later <= CommitTs.End(7));
        Assert.True(CommitTs.End(7) < new CommitTs(8, 0));
    }

    [Fact]
    public void Utf8_and_text_agree()
    {
        Span<byte> utf8 = stackalloc byte[CommitTs.TextLength];
        CommitTs ts = new(0x123456789ABCDEF0, 0xFFFF);
        Assert.True(ts.TryFormat(utf8, out int written, default, null));
        Assert.Equal(ts.ToString(), System.Text.Encoding.UTF8.GetString(utf8[..written]));
        Assert.False(ts.TryFormat(utf8[1..], out _, default, null));
    }
}
