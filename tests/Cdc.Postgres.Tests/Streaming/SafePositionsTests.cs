using Cdc.Postgres.Streaming;
using Cdc.Protocol;

namespace Cdc.Postgres.Tests.Streaming;

public sealed class SafePositionsTests
{
    [Theory]
    [InlineData(99, CommitTs.MaxStep, 0)]
    [InlineData(100, 0, 0)]
    [InlineData(100, CommitTs.MaxStep, 100)]
    [InlineData(199, CommitTs.MaxStep, 100)]
    [InlineData(200, 5, 100)]
    [InlineData(200, CommitTs.MaxStep, 200)]
    [InlineData(300, 0, 200)]
    [InlineData(900, CommitTs.MaxStep, 300)]
    public void The_server_is_told_the_last_resolved_position_that_the_checkpoint_covers(
        ulong commit, uint step, ulong told)
    {
        SafePositions positions = new();
        foreach (ulong lsn in (ulong[])[100, 200, 300]) positions.Resolved(lsn);
        positions.Confirm(new(commit, step));
        Assert.Equal(told, positions.Confirmed);
    }

    [Fact]
    public void What_was_confirmed_never_goes_back_and_survives_a_stream_that_begins_earlier()
    {
        SafePositions positions = new();
        positions.Resolved(200);
        positions.Confirm(CommitTs.End(200));
        positions.Resolved(100);
        positions.Confirm(CommitTs.End(150));
        Assert.Equal(200UL, positions.Confirmed);
        positions.Resolved(300);
        positions.Confirm(CommitTs.End(300));
        Assert.Equal(300UL, positions.Confirmed);
    }

    [Fact]
    public void What_a_stream_says_again_after_a_new_connection_changes_nothing()
    {
        SafePositions positions = new();
        foreach (ulong lsn in (ulong[])[100, 200, 100]) positions.Resolved(lsn);
        positions.Confirm(CommitTs.End(200));
        Assert.Equal(200UL, positions.Confirmed);
    }

    [Fact]
    public void What_the_server_knows_already_is_where_confirming_begins()
    {
        SafePositions positions = new();
        positions.Known(100);
        Assert.Equal(100UL, positions.Confirmed);
        positions.Resolved(200);
        positions.Confirm(CommitTs.End(200));
        positions.Known(100);
        Assert.Equal(200UL, positions.Confirmed);
    }

    [Fact]
    public void What_the_server_knows_already_is_not_taken_back_by_a_checkpoint_that_nothing_was_resolved_for()
    {
        SafePositions positions = new();
        positions.Known(100);
        positions.Confirm(CommitTs.End(150));
        Assert.Equal(100UL, positions.Confirmed);
        positions.Resolved(200);
        positions.Known(300);
        positions.Confirm(CommitTs.End(250));
        Assert.Equal(300UL, positions.Confirmed);
    }

    [Fact]
    public void A_receiver_that_confirms_late_costs_no_memory_and_only_precision()
    {
        SafePositions positions = new();
        const ulong last = 1_000_000;
        for (ulong lsn = 1; lsn <= last; lsn++) positions.Resolved(lsn);
        positions.Confirm(CommitTs.End(last / 2));
        Assert.InRange(positions.Confirmed, last / 2 - 1000, last / 2);
        positions.Confirm(CommitTs.End(last));
        Assert.Equal(last, positions.Confirmed);
    }
}
