using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Postgres.Target;
using Cdc.Sinks.Tests;
using static Cdc.Conformance.Tests.Target.TargetCase;

namespace Cdc.Conformance.Tests.Target;

/// <summary>What is only seen at the end of a transaction.</summary>
public sealed class TargetTransactionTests(TargetServer server) : IClassFixture<TargetServer>
{
    [Fact]
    public async Task A_transaction_larger_than_a_batch_becomes_visible_at_once()
    {
        const int Rows = 20_000;
        TargetCase test = await NewAsync(server);
        await using PostgresSink sink = test.Open(batchBytes: 4096);
        await sink.ClaimAsync(Claim(1), Never);
        List<RowBatch> batches =
            test.Feed.Batches(new Feed.Transaction(10, Rows), [.. Enumerable.Range(1, 200).Select(i => i * 100)]);
        await sink.WriteAsync(batches.ToArray(), Never);
        // A flush of what is resolved, which is nothing, comes after everything that was written.
        await sink.FlushAsync(Never);
        Assert.Equal("0", await test.CountAsync());
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        Assert.Equal($"{Rows}", await test.CountAsync());
    }

    [Fact]
    public async Task A_constraint_that_is_checked_at_the_end_is_named_with_its_table()
    {
        TargetCase test = await NewAsync(server);
        await test.ExecuteAsync(
            "ALTER TABLE orders ADD x int DEFAULT 1, ADD CONSTRAINT once UNIQUE (x) DEFERRABLE INITIALLY DEFERRED; "
            + "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE orders ENABLE ALWAYS TRIGGER %I', tgname) "
            + "FROM pg_trigger WHERE tgrelid = 'orders'::regclass); END $$");
        await using PostgresSink sink = test.Open();
        await sink.ClaimAsync(Claim(1), Never);
        await sink.WriteAsync(test.Feed.Batches(new Feed.Transaction(10, 2)).ToArray(), Never);
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        CdcException stopped = await Assert.ThrowsAsync<CdcException>(async () => await sink.FlushAsync(Never));
        Assert.Equal(FailureKind.TableStopped, stopped.Kind);
        Assert.Equal($"The target refuses what was written up to {Feed.At(10)}: rows of table public.orders break "
            + "constraint once, which is checked at the end of a transaction (23505).", stopped.Message);
        Assert.Equal("0", await test.CountAsync());
    }
}
