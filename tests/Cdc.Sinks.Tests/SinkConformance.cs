using System.Text.RegularExpressions;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Protocol;

namespace Cdc.Sinks.Tests;

/// <summary>What every sink owes its callers, whatever it writes to.</summary>
public abstract class SinkConformance
{
    internal static readonly CancellationToken Never = CancellationToken.None;

    internal Feed Feed { get; } = new();
    internal Heard Heard { get; } = new();

    /// <summary>Opens the sink on what earlier calls in the same test wrote.</summary>
    private protected abstract ISink Open();

    /// <summary>Whether a reader finds what was, and not only what is: a log, not a table.</summary>
    private protected virtual bool IsLog => true;

    /// <summary>The lines that a reader sees now, without checkpoints; null if the sink keeps nothing.</summary>
    private protected abstract IReadOnlyList<string>? Lines();

    private protected async Task<ISink> ClaimedAsync(ulong epoch = 1)
    {
        ISink sink = Open();
        await sink.ClaimAsync(Claim(epoch), Never);
        return sink;
    }

    private protected static SinkClaim Claim(ulong epoch) =>
        new("orders", Feed.Source, TableSpan.Everything, new(epoch, 1));

    private protected async Task WriteAsync(ISink sink, params RowBatch[] batches)
    {
        foreach (RowBatch batch in batches) Heard.Watch(batch);
        await sink.WriteAsync(batches, Never);
    }

    [Fact]
    public async Task Rows_arrive_in_the_order_of_their_commits()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10, 3), Feed.Batch(20, 2, Feed.Items));
        await sink.ResolveAsync(Feed.Stamp(20), Never);
        await WriteAsync(sink, Feed.Batch(30));
        await sink.ResolveAsync(Feed.Stamp(30), Never);
        await sink.FlushAsync(Never);
        if (Lines() is not { } lines) return;
        Assert.Equal(
            [Feed.Line(10, 0), Feed.Line(10, 1), Feed.Line(10, 2), Feed.Line(20, 0, Feed.Items),
                Feed.Line(20, 1, Feed.Items), Feed.Line(30, 0)], lines);
    }

    // AC-S1, INV-S2
    [Fact]
    public async Task A_batch_is_enqueued_although_nothing_is_flushed()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10), Feed.Batch(20));
        Assert.Equal([Feed.At(10), Feed.At(20)], Heard.Enqueues);
        Assert.Empty(Heard.Flushes);
    }

    [Fact]
    public async Task Nothing_beyond_the_resolved_position_is_flushed()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10), Feed.Batch(20), Feed.Batch(30));
        await sink.ResolveAsync(Feed.Stamp(20), Never);
        await sink.FlushAsync(Never);
        Assert.Equal([Feed.At(10), Feed.At(20)], Heard.Flushes);
    }

    // INV-S1
    [Fact]
    public async Task Every_batch_is_acknowledged_once_and_in_order()
    {
        await using ISink sink = await ClaimedAsync();
        for (ulong commit = 1; commit <= 50; commit++)
        {
            await WriteAsync(sink, Feed.Batch(commit));
            if (commit % 7 == 0) await sink.ResolveAsync(Feed.Stamp(commit), Never);
            if (commit % 20 == 0) await sink.FlushAsync(Never);
        }
        await sink.ResolveAsync(Feed.Stamp(50), Never);
        await sink.FlushAsync(Never);
        IEnumerable<CommitTs> all = Enumerable.Range(1, 50).Select(static commit => Feed.At((ulong)commit));
        Assert.Equal(all, Heard.Enqueues);
        Assert.Equal(all, Heard.Flushes);
    }

    // AC-S6
    [Fact]
    public async Task Flushing_again_changes_nothing()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        IReadOnlyList<string>? lines = Lines();
        await sink.FlushAsync(Never);
        await sink.FlushAsync(Never);
        Assert.Equal(lines, Lines());
        Assert.Single(Heard.Flushes);
    }

    [Fact]
    public async Task All_memory_of_rows_is_given_back()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, [.. Feed.Batches([new(10, 5), new(20, 5), new(30, 5)], 2, 7, 12)]);
        Feed.Close();
        Assert.Equal(0, Feed.Pool.BytesOut);
    }

    [Fact]
    public async Task A_write_that_is_cancelled_before_it_begins_leaves_the_rest_whole()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await sink.WriteAsync(new[] { Feed.Batch(20) }, cancelled.Token));
        await sink.FlushAsync(Never);
        Assert.Equal([Feed.At(10)], Heard.Flushes);
        if (Lines() is { } lines) Assert.Equal([Feed.Line(10, 0)], lines);
    }

    [Fact]
    public async Task A_truncate_comes_after_what_it_empties()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        Assert.Equal(BlockOutcome.Written, await sink.ExecuteAsync(Feed.Truncate(20), Never));
        await WriteAsync(sink, Feed.Batch(30));
        await sink.ResolveAsync(Feed.Stamp(30), Never);
        await sink.FlushAsync(Never);
        if (Lines() is not { } lines) return;
        if (!IsLog) Assert.Equal([Feed.Line(30, 0)], lines);
        else Assert.Equal([Feed.Line(10, 0), LineEncoder.Line(Feed.Truncate(20), Feed.Orders),
            LineEncoder.Line(Feed.Truncate(20), Feed.Items), Feed.Line(30, 0)], lines);
    }

    [Fact]
    public async Task Parts_of_a_table_are_copied_at_the_same_time_and_every_line_is_whole()
    {
        const int Parts = 4;
        const int Rows = 10_000;
        await using ISink sink = await ClaimedAsync();
        await using ITableCopy copy = await sink.CopyAsync(Feed.Orders, Feed.At(5), Never);
        List<RowBatch>[] parts = new List<RowBatch>[Parts];
        for (uint part = 0; part < Parts; part++)
        {
            parts[part] = [.. Feed.Copied(Feed.Orders, 5, part, Rows)];
            foreach (RowBatch batch in parts[part]) Heard.Watch(batch);
        }
        await Task.WhenAll(parts.Select((batches, part) => Task.Run(async () =>
        {
            foreach (RowBatch batch in batches) await copy.WriteAsync(part, batch, Never);
        })));
        await copy.CompleteAsync(Never);
        Assert.Equal(parts.Sum(static batches => batches.Count), Heard.Flushes.Length);
        Assert.Equal(Heard.Flushes.Length, Heard.Enqueues.Length);
        if (Lines() is not { } lines) return;
        Assert.Equal(Parts * Rows, lines.Distinct().Count());
        Assert.Equal(Parts * Rows, lines.Count);
        Regex whole = new("^[0-9A-F.]{30} public.orders copied-[0-3]-[0-9]+$");
        Assert.DoesNotContain(lines, line => !whole.IsMatch(line));
    }
}
