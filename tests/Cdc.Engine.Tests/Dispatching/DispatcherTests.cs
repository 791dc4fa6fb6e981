using Cdc.Engine.Dispatching;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Dispatching;

public sealed class DispatcherTests
{
    static readonly TableSchema Orders = new()
    {
        Id = new(1), Name = new("shop", "orders"), Columns = [new("id", new(TypeKind.Int64, "int8"), true)], Key = [0],
    };

    readonly RowBlockPool _pool = new();

    [Fact]
    public async Task The_checkpoint_stays_before_what_is_not_flushed()
    {
        ScriptedSink sink = new() { AcknowledgeAtOnce = false };
        Dispatcher dispatcher = Dispatch(sink);
        await SendAsync(dispatcher, Rows(10), Resolved(10), Rows(20), Resolved(20));
        Assert.Equal(CommitTs.End(20), dispatcher.Received);
        Assert.Equal(new CommitTs(10, 0).Previous, dispatcher.Checkpoint);
        sink.Held[1].Flushed();
        Assert.Equal(new CommitTs(10, 0).Previous, dispatcher.Checkpoint);
        sink.Held[0].Flushed();
        Assert.Equal(CommitTs.End(20), dispatcher.Checkpoint);
    }

    [Fact]
    public async Task Enqueued_alone_moves_nothing()
    {
        ScriptedSink sink = new() { AcknowledgeAtOnce = false };
        Dispatcher dispatcher = Dispatch(sink);
        await SendAsync(dispatcher, Rows(10), Resolved(10));
        Assert.True(sink.Held[0].IsEnqueued);
        Assert.True(dispatcher.Checkpoint < new CommitTs(10, 0));
    }

    [Fact]
    public async Task A_truncate_comes_after_a_flush_of_all_before_it_and_after_them_is_resolved()
    {
        ScriptedSink sink = new() { AcknowledgeAtOnce = false };
        Dispatcher dispatcher = Dispatch(sink);
        await SendAsync(dispatcher, Rows(10), Truncate(new(10, 1)), Resolved(10));
        Assert.Equal(
            [
                $"write {new CommitTs(10, 0)}-{new CommitTs(10, 0)} x1", $"resolve {new CommitTs(10, 0)}", "flush",
                $"truncate {new CommitTs(10, 1)}", $"resolve {CommitTs.End(10)}",
            ],
            sink.Calls);
        Assert.Equal(CommitTs.End(10), dispatcher.Checkpoint);
    }

    [Fact]
    public async Task Rows_of_a_transaction_without_its_end_are_midway()
    {
        Dispatcher dispatcher = Dispatch(new ScriptedSink());
        await SendAsync(dispatcher, Rows(10));
        Assert.True(dispatcher.IsMidway);
        await SendAsync(dispatcher, Resolved(10));
        Assert.False(dispatcher.IsMidway);
    }

    [Fact]
    public async Task An_older_position_changes_nothing()
    {
        ScriptedSink sink = new();
        Dispatcher dispatcher = Dispatch(sink);
        await SendAsync(dispatcher, Resolved(10), Resolved(5));
        Assert.Equal(CommitTs.End(10), dispatcher.Received);
        Assert.Single(sink.Calls);
    }

    [Fact]
    public async Task A_refused_write_leaves_the_checkpoint_where_it_was()
    {
        ScriptedSink sink = new() { Failure = new(FailureKind.DiskFailed, "The disk is full.") };
        Dispatcher dispatcher = Dispatch(sink);
        await Assert.ThrowsAsync<CdcException>(async () => await SendAsync(dispatcher, Rows(10), Resolved(10)));
        Assert.True(dispatcher.IsMidway);
        Assert.True(dispatcher.Checkpoint < new CommitTs(10, 0));
    }

    [Fact]
    public async Task A_transaction_received_twice_is_a_bug_and_not_a_double()
    {
        Dispatcher dispatcher = Dispatch(new ScriptedSink());
        await SendAsync(dispatcher, Rows(10), Resolved(10));
        await Assert.ThrowsAsync<InvariantBrokenException>(async () => await SendAsync(dispatcher, Rows(10)));
    }

    [Fact]
    public async Task A_position_before_rows_that_were_written_is_a_bug_and_not_resolved()
    {
        ScriptedSink sink = new();
        Dispatcher dispatcher = Dispatch(sink);
        await Assert.ThrowsAsync<InvariantBrokenException>(
            async () => await SendAsync(dispatcher, Rows(20), Resolved(15)));
        Assert.DoesNotContain(sink.Calls, static call => call.StartsWith("resolve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Batches_out_of_order_are_a_bug_and_not_written()
    {
        ScriptedSink sink = new();
        await Assert.ThrowsAsync<InvariantBrokenException>(
            async () => await SendAsync(Dispatch(sink), Rows(20), Rows(10), Resolved(20)));
        Assert.Empty(sink.Calls);
    }

    [Fact]
    public async Task A_truncate_is_not_done_while_a_batch_before_it_is_under_way()
    {
        ScriptedSink sink = new() { AcknowledgeAtOnce = false, FlushForgets = true };
        await Assert.ThrowsAsync<InvariantBrokenException>(
            async () => await SendAsync(Dispatch(sink), Rows(10), Truncate(new(10, 1))));
        Assert.DoesNotContain(sink.Calls, static call => call.StartsWith("truncate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_truncate_counts_as_written()
    {
        Dispatcher dispatcher = Dispatch(new ScriptedSink());
        await SendAsync(dispatcher, Rows(10), Truncate(new(10, 1)));
        Assert.Equal(new CommitTs(10, 1), dispatcher.Written);
    }

    [Fact]
    public async Task Nothing_is_resolved_before_the_sink_has_taken_the_rows()
    {
        ScriptedSink sink = new() { AcknowledgeAtOnce = false, HoldsBack = true };
        Dispatcher dispatcher = Dispatch(sink);
        Task sending = SendAsync(dispatcher, Rows(10), Resolved(10));
        Assert.False(sending.IsCompleted);
        Assert.Equal(CommitTs.Zero, dispatcher.Received);
        sink.Held[0].Enqueued();
        await sending;
        Assert.Equal(CommitTs.End(10), dispatcher.Received);
    }

    [Fact]
    public async Task Large_rows_are_handed_over_before_many_have_gathered()
    {
        ScriptedSink sink = new();
        Dispatcher dispatcher = Dispatch(sink);
        for (ulong commit = 10; commit < 14; commit++) await SendAsync(dispatcher, Rows(commit, 5 << 20));
        Assert.Equal(4, sink.Calls.Count);
    }

    static Dispatcher Dispatch(ScriptedSink sink) =>
        new(sink, ChangeFilter.PassAll, CommitTs.Zero, NoMilestones.Instance);

    static async Task SendAsync(Dispatcher dispatcher, params SourceEvent[] events)
    {
        foreach (SourceEvent @event in events)
        {
            await dispatcher.HandleAsync(@event, TestContext.Current.CancellationToken);
        }
    }

    static SourceEvent.Resolved Resolved(ulong commit) => new(CommitTs.End(commit), 0);

    static SourceEvent.Block Truncate(CommitTs at) =>
        new(new TruncateEvent(
            new(new(at, false), new Influence.Normal([Orders.Id])), new(at, 0, 1), [Orders], false, false));

    SourceEvent.Rows Rows(ulong commit, int bytes = 1)
    {
        RowWriter writer = new(_pool);
        writer.Begin(new(new(commit, 0), 0, 1));
        writer.StartRow(Orders, Op.Insert);
        writer.Value(bytes).Fill((byte)'1');
        writer.EndRow();
        writer.Close();
        writer.Seal();
        return new(Assert.Single(writer.Completed));
    }
}
