using System.Text.Json;
using Cdc.Engine;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Protocol;
using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>When files end, and what each index entry names.</summary>
public sealed class FileRotationTests
{
    static readonly CancellationToken Never = CancellationToken.None;
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    readonly MemoryFileStore _store = new();
    readonly ManualClock _clock = new();
    readonly Feed _feed = new();
    readonly Heard _heard = new();
    readonly Steps _steps = new();

    FileSinkOptions Options => TestFiles.Options(_clock) with { Milestones = _steps };

    async Task<FileSink> OpenAsync(FileSinkOptions options, ulong epoch = 1)
    {
        FileSink sink = new(options, _store);
        await sink.ClaimAsync(new("orders", Feed.Source, TableSpan.Everything, new(epoch, 1)), Never);
        return sink;
    }

    async Task WriteAsync(FileSink sink, params IReadOnlyList<RowBatch> batches)
    {
        foreach (RowBatch batch in batches) _heard.Watch(batch);
        await sink.WriteAsync(batches.ToArray(), Never);
    }

    IReadOnlyList<JsonElement> StreamEntries() =>
        [.. IndexReader.Entries(_store.Files).Where(static entry => entry.GetProperty("kind").GetString() == "stream")];

    [Fact]
    public async Task A_file_ends_when_its_first_row_has_waited_long_enough()
    {
        await using FileSink sink = await OpenAsync(Options);
        await WriteAsync(sink, _feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await WriteAsync(sink, _feed.Batch(20));
        await sink.ResolveAsync(Feed.Stamp(20), Never);
        // The timer runs from the first row; the writer is asked to look again until that row is written.
        await _steps.AdvanceUntilAsync(_clock, Interval, Milestone.IndexEntryDurable);
        JsonElement entry = Assert.Single(StreamEntries());
        Assert.Equal(Feed.At(20).ToString(), IndexReader.Position(entry));
        Assert.Equal([Feed.Line(10, 0), Feed.Line(20, 0)], IndexReader.Lines(_store.Files));
    }

    [Fact]
    public async Task A_file_ends_at_the_resolved_position_after_it_is_full()
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = 200 });
        for (ulong commit = 1; commit <= 20; commit++)
        {
            await WriteAsync(sink, _feed.Batch(commit));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        await sink.FlushAsync(Never);
        IReadOnlyList<JsonElement> entries = StreamEntries();
        Assert.InRange(entries.Count, 4, 10);
        Assert.All(entries, static entry => Assert.Single(IndexReader.Names(entry)));
        IEnumerable<string> expected = Enumerable.Range(1, 20).Select(static c => Feed.Line((ulong)c, 0));
        Assert.Equal(expected, IndexReader.Lines(_store.Files));
    }

    [Fact]
    public async Task A_large_transaction_takes_several_files_and_one_entry()
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = 400 });
        await WriteAsync(sink, _feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        Feed.Transaction large = new(20, 100);
        await WriteAsync(sink, _feed.Batches(large, [.. Enumerable.Range(1, 99)]));
        await sink.FlushAsync(Never);
        Assert.Equal([Feed.Line(10, 0)], IndexReader.Lines(_store.Files));
        Assert.Equal([Feed.At(10)], _heard.Flushes);

        await sink.ResolveAsync(Feed.Stamp(20), Never);
        await sink.FlushAsync(Never);
        IReadOnlyList<JsonElement> entries = StreamEntries();
        Assert.Equal(2, entries.Count);
        Assert.InRange(IndexReader.Names(entries[1]).Length, 5, 30);
        Assert.Equal(large.Lines.Prepend(Feed.Line(10, 0)), IndexReader.Lines(_store.Files));
        Assert.Equal(101, _heard.Flushes.Length);
    }

    [Fact]
    public async Task The_last_transaction_of_a_batch_does_not_hold_back_those_before()
    {
        await using FileSink sink = await OpenAsync(Options);
        await WriteAsync(sink, Assert.Single(_feed.Batches([new(10, 2), new(20, 2), new(30, 4)])));
        await sink.ResolveAsync(Feed.Stamp(20), Never);
        await sink.FlushAsync(Never);
        string[] before = [Feed.Line(10, 0), Feed.Line(10, 1), Feed.Line(20, 0), Feed.Line(20, 1)];
        Assert.Equal(before, IndexReader.Lines(_store.Files));
        Assert.Empty(_heard.Flushes);

        await sink.ResolveAsync(Feed.Stamp(30), Never);
        await sink.FlushAsync(Never);
        Assert.Equal(8, IndexReader.Lines(_store.Files).Count);
        Assert.Single(_heard.Flushes);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public async Task A_position_inside_a_batch_is_complete_only_with_its_rows(int rotateBytes)
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = rotateBytes });
        await WriteAsync(sink, Assert.Single(_feed.Batches([new(10, 4), new(20, 4), new(30, 4)])));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        SinkProgress? progress = await new FileSink(Options, _store).ProgressAsync(Never);
        int whole = IndexReader.Lines(_store.Files).Count;
        Assert.Equal(whole == 0, progress!.Position < Feed.At(10));

        await sink.ResolveAsync(Feed.Stamp(30), Never);
        await sink.FlushAsync(Never);
        Assert.Equal(12, IndexReader.Lines(_store.Files).Count);
        Assert.Single(_heard.Flushes);
    }

    [Fact]
    public async Task Names_of_data_files_sort_in_the_order_of_the_index()
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = 150 });
        await using (ITableCopy copy = await sink.CopyAsync(Feed.Orders, Feed.At(5), Never))
        {
            foreach (RowBatch batch in _feed.Copied(Feed.Orders, 5, 0, 3)) await copy.WriteAsync(0, batch, Never);
            await copy.CompleteAsync(Never);
        }
        for (ulong commit = 0xE; commit <= 0x12; commit++)
        {
            await WriteAsync(sink, _feed.Batches(new Feed.Transaction(commit, 10), 2, 4, 6, 8));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        await sink.FlushAsync(Never);
        string[] named = [.. IndexReader.Entries(_store.Files).SelectMany(IndexReader.Names)];
        Assert.True(named.Length > 10);
        Assert.Equal(named.Order(StringComparer.Ordinal), named);
        Assert.Equal(named, _store.Files.Keys.Where(static name => name.StartsWith("data/", StringComparison.Ordinal)));
    }

    // AC-S8
    [Fact]
    public async Task A_slow_disk_does_not_stop_the_rows_that_come_meanwhile()
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = 200 });
        Task reached = _store.Hold(Feed.At(1).ToString());
        for (ulong commit = 1; commit <= 40; commit++)
        {
            await WriteAsync(sink, _feed.Batch(commit));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        await reached;
        Assert.Equal(40, _heard.Enqueues.Length);
        Assert.Empty(_heard.Flushes);
        Assert.Empty(IndexReader.Lines(_store.Files));
        _store.Free(Feed.At(1).ToString());
        await sink.FlushAsync(Never);
        Assert.Equal(40, _heard.Flushes.Length);
    }

    // AC-S11: what is on its way is bounded, and waiting for room can be cancelled.
    [Fact]
    public async Task Writing_waits_when_too_much_is_under_way()
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = 100, BytesInFlight = 4000 });
        _ = _store.Hold("data/");
        ulong commit = 0;
        do
        {
            commit++;
            Assert.True(commit < 10_000);
        }
        while (await TryWriteAsync(sink, commit));
        _store.Free("data/");
        await sink.FlushAsync(Never);
        Assert.Equal((int)commit - 1, _heard.Flushes.Length);
        Assert.Equal((int)commit - 1, IndexReader.Lines(_store.Files).Count);
    }

    // A write that is only waiting for its turn completes in spite of the stop; one that waits for room does not.
    async Task<bool> TryWriteAsync(FileSink sink, ulong commit)
    {
        using CancellationTokenSource stop = new();
        ValueTask write = sink.WriteAsync(new[] { _heard.Watch(_feed.Batch(commit)) }, stop.Token);
        if (!write.IsCompleted) await stop.CancelAsync();
        try
        {
            await write;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        await sink.ResolveAsync(Feed.Stamp(commit), Never);
        return true;
    }

    [Fact]
    public async Task A_batch_larger_than_may_be_under_way_passes_alone()
    {
        await using FileSink sink = await OpenAsync(Options with { BytesInFlight = 1000 });
        await WriteAsync(sink, _feed.Batch(10));
        await WriteAsync(sink, _feed.Batch(20, 1000));
        await WriteAsync(sink, _feed.Batch(30, 1000));
        await sink.ResolveAsync(Feed.Stamp(30), Never);
        await sink.FlushAsync(Never);
        Assert.Equal(2001, IndexReader.Lines(_store.Files).Count);
    }

    [Fact]
    public async Task Checkpoints_come_at_most_once_a_second_and_last()
    {
        await using FileSink sink = await OpenAsync(Options);
        for (ulong commit = 1; commit <= 30; commit++)
        {
            await WriteAsync(sink, _feed.Batch(commit));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        await sink.FlushAsync(Never);
        IReadOnlyList<string> lines = IndexReader.AllLines(_store.Files);
        Assert.Equal($"checkpoint {Feed.At(30)}", lines[^1]);
        // The clock stands still: one at once, one at the end.
        Assert.Equal(32, lines.Count);
        Assert.Equal($"checkpoint {Feed.At(1)}", lines[1]);
    }

    [Fact]
    public async Task An_idle_stream_is_known_to_the_next_owner_without_more_entries()
    {
        await using (FileSink sink = await OpenAsync(Options))
        {
            await WriteAsync(sink, _feed.Batch(10));
            await sink.ResolveAsync(Feed.Stamp(10), Never);
            await sink.FlushAsync(Never);
            await sink.ResolveAsync(Feed.Stamp(90), Never);
            await sink.FlushAsync(Never);
        }
        Assert.Single(StreamEntries());
        await using FileSink second = new(Options, _store);
        SinkProgress? progress = await second.ProgressAsync(Never);
        Assert.Equal(Feed.At(90), progress!.Position);
    }

    // AC-S7
    [Fact]
    public async Task A_flush_completes_after_everything_before_it_is_named()
    {
        await using FileSink sink = await OpenAsync(Options with { RotateBytes = 100 });
        string first = Feed.At(1).ToString();
        Task reached = _store.Hold(first);
        for (ulong commit = 1; commit <= 6; commit++)
        {
            await WriteAsync(sink, _feed.Batch(commit));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
        }
        Task flush = sink.FlushAsync(Never).AsTask();
        await reached;
        Assert.False(flush.IsCompleted);
        _store.Free(first);
        await flush;
        Assert.Equal(6, _heard.Flushes.Length);
    }

    sealed class Steps : IMilestones
    {
        readonly SemaphoreSlim _named = new(0);

        public void Reached(Milestone milestone)
        {
            if (milestone == Milestone.IndexEntryDurable) _named.Release();
        }

        public async Task AdvanceUntilAsync(ManualClock clock, TimeSpan by, Milestone milestone)
        {
            Assert.Equal(Milestone.IndexEntryDurable, milestone);
            do
            {
                clock.Advance(by);
            }
            while (!await _named.WaitAsync(TimeSpan.FromMilliseconds(10)));
        }
    }
}
