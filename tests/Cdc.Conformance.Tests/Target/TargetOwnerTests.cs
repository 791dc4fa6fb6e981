using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Target;
using Cdc.Sinks.Tests;
using static Cdc.Conformance.Tests.Target.TargetCase;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Owners that were overtaken, and copies that they left.</summary>
public sealed class TargetOwnerTests(TargetServer server) : IClassFixture<TargetServer>
{
    [Fact]
    public async Task An_owner_that_was_overtaken_commits_nothing_more()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink first = test.Open();
        await first.ClaimAsync(Claim(1), Never);
        await test.WriteAsync(first, 10);
        await first.FlushAsync(Never);
        await using PostgresSink second = test.Open();
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(Feed.At(10), progress!.Position);
        await test.WriteAsync(first, 20);
        CdcException fenced = await Assert.ThrowsAsync<CdcException>(async () => await first.FlushAsync(Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        await test.WriteAsync(second, 20);
        await second.FlushAsync(Never);
        Assert.Equal("2", await test.CountAsync());
    }

    [Fact]
    public async Task A_claim_of_an_owner_that_is_not_larger_is_refused()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink first = test.Open();
        await first.ClaimAsync(Claim(2), Never);
        await using PostgresSink second = test.Open();
        CdcException fenced =
            await Assert.ThrowsAsync<CdcException>(async () => await second.ClaimAsync(Claim(2), Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
    }

    [Fact]
    public async Task A_table_copy_of_an_overtaken_owner_never_shows()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink first = test.Open();
        await first.ClaimAsync(Claim(1), Never);
        await using ITableCopy copy = await first.CopyAsync(Feed.Orders, Feed.At(5), Never);
        foreach (RowBatch batch in test.Feed.Copied(Feed.Orders, 5, 0, 100)) await copy.WriteAsync(0, batch, Never);
        await using PostgresSink second = test.Open();
        await second.ClaimAsync(Claim(2), Never);
        CdcException fenced = await Assert.ThrowsAsync<CdcException>(async () => await copy.CompleteAsync(Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        Assert.Equal("0", await test.CountAsync());
    }

    [Fact]
    public async Task A_copy_that_was_not_completed_is_begun_anew()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink first = test.Open();
        await first.ClaimAsync(Claim(1), Never);
        await using (ITableCopy copy = await first.CopyAsync(Feed.Orders, Feed.At(5), Never))
        {
            foreach (RowBatch batch in test.Feed.Copied(Feed.Orders, 5, 0, 100)) await copy.WriteAsync(0, batch, Never);
        }
        await using PostgresSink second = test.Open();
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Empty(progress!.Copied);
        await using ITableCopy again = await second.CopyAsync(Feed.Orders, Feed.At(7), Never);
        foreach (RowBatch batch in test.Feed.Copied(Feed.Orders, 7, 0, 50)) await again.WriteAsync(0, batch, Never);
        await again.CompleteAsync(Never);
        Assert.Equal("50", await test.CountAsync());
        progress = await second.ProgressAsync(Never);
        Assert.Equal(Feed.At(7), progress!.Copied[Feed.Orders.Id]);
        Assert.Equal(Feed.Orders.Columns, Assert.Single(progress.Schemas).Columns);
    }
}
