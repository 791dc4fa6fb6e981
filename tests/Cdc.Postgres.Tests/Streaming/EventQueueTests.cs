using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Streaming;
using Cdc.Protocol;

namespace Cdc.Postgres.Tests.Streaming;

public sealed class EventQueueTests
{
    [Fact]
    public async Task Large_rows_wait_outside_until_those_before_them_are_taken()
    {
        using CancellationTokenSource stop = new();
        EventQueue queue = new(32, new SafePositions(), stop.Token);
        Task putting = Task.Run(() =>
        {
            for (ulong commit = 1; commit <= 5; commit++) queue.Rows(Batch(commit, 5 << 20));
            queue.Complete(null);
        }, TestContext.Current.CancellationToken);
        int taken = 0;
        while (await queue.Reader.WaitToReadAsync(TestContext.Current.CancellationToken))
        {
            if (taken < 4) Assert.True(SpinWait.SpinUntil(() => queue.IsFull, TimeSpan.FromSeconds(20)));
            Assert.Equal(1, queue.Reader.Count);
            Assert.True(queue.Reader.TryRead(out SourceEvent? @event));
            queue.Taken(@event);
            taken++;
        }
        await putting;
        Assert.Equal(5, taken);
    }

    [Fact]
    public async Task A_stop_ends_the_waiting()
    {
        using CancellationTokenSource stop = new();
        EventQueue queue = new(32, new SafePositions(), stop.Token);
        queue.Rows(Batch(1, 9 << 20));
        Task putting = Task.Run(() => queue.Rows(Batch(2, 1)), TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => queue.IsFull, TimeSpan.FromSeconds(20)));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => putting);
    }

    [Fact]
    public async Task A_position_can_be_confirmed_as_soon_as_it_can_be_taken()
    {
        SafePositions positions = new();
        EventQueue queue = new(1, positions, TestContext.Current.CancellationToken);
        queue.Resolved(CommitTs.End(100), 0);
        Task putting = Task.Run(
            () => queue.Resolved(CommitTs.End(200), 0), TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => queue.IsFull, TimeSpan.FromSeconds(20)));
        positions.Confirm(CommitTs.End(200));
        Assert.Equal(200UL, positions.Confirmed);
        Assert.True(queue.Reader.TryRead(out _));
        await putting;
    }

    static RowBatch Batch(ulong commit, int bytes)
    {
        RowWriter writer = new(new RowBlockPool());
        writer.Begin(new(new(commit, 0), 0, 1));
        writer.StartRow(
            new() { Id = new(1), Name = new("shop", "t"), Columns = [new("v", new(TypeKind.Text, "text"), true)] }, Op.Insert);
        writer.Value(bytes);
        writer.EndRow();
        writer.Close();
        writer.Seal();
        return Assert.Single(writer.Completed);
    }
}
