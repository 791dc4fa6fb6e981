using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>Whose directory it is, who may write now, and what a claim finds and leaves.</summary>
public sealed class FileOwnersTests
{
    static readonly CancellationToken Never = CancellationToken.None;

    readonly MemoryFileStore _store = new();
    readonly ManualClock _clock = new();
    readonly Feed _feed = new();
    readonly Heard _heard = new();

    FileSink Sink() => new(TestFiles.Options(_clock), _store);

    static SinkClaim Claim(ulong epoch, ulong number = 1) =>
        new("orders", Feed.Source, TableSpan.Everything, new(epoch, number));

    async Task<FileSink> ClaimedAsync(ulong epoch)
    {
        FileSink sink = Sink();
        await sink.ClaimAsync(Claim(epoch), Never);
        return sink;
    }

    async Task WriteAsync(FileSink sink, ulong commit)
    {
        await sink.WriteAsync(new[] { _heard.Watch(_feed.Batch(commit)) }, Never);
        await sink.ResolveAsync(Feed.Stamp(commit), Never);
    }

    static async Task<CdcException> FailsAsync(Func<ValueTask> act) =>
        await Assert.ThrowsAsync<CdcException>(async () => await act());

    [Fact]
    public async Task A_new_owner_shuts_the_old_one_out()
    {
        await using FileSink old = await ClaimedAsync(1);
        await WriteAsync(old, 10);
        await old.FlushAsync(Never);
        await WriteAsync(old, 20);
        await using FileSink next = await ClaimedAsync(2);

        CdcException fenced = await FailsAsync(() => old.FlushAsync(Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        Assert.Equal(fenced, await FailsAsync(() => old.WriteAsync(new[] { _feed.Batch(30) }, Never)));
        Assert.Equal([Feed.At(10)], _heard.Flushes);

        await next.WriteAsync(new[] { _feed.Batch(20) }, Never);
        await next.ResolveAsync(Feed.Stamp(20), Never);
        await next.FlushAsync(Never);
        Assert.Equal([Feed.Line(10, 0), Feed.Line(20, 0)], IndexReader.Lines(_store.Files));
    }

    [Fact]
    public async Task A_file_that_an_old_owner_completes_late_changes_nothing_and_is_removed_by_the_next_claim()
    {
        await using FileSink old = await ClaimedAsync(1);
        await WriteAsync(old, 10);
        Task completing = _store.Hold("data/");
        Task flush = old.FlushAsync(Never).AsTask();
        await completing;
        await using FileSink next = await ClaimedAsync(2);
        string late = Layout.DataFile(Feed.At(10), 1, 1, null, ".lines");
        _store.Change(late, Encoding.UTF8.GetBytes("a late file"));
        _store.Free("data/");
        Assert.Equal(FailureKind.SinkFenced, (await Assert.ThrowsAsync<CdcException>(() => flush)).Kind);

        await WriteAsync(next, 10);
        await next.FlushAsync(Never);
        Assert.Equal([Feed.Line(10, 0)], IndexReader.Lines(_store.Files));
        Assert.Contains(late, _store.Files.Keys);
        await (await ClaimedAsync(3)).DisposeAsync();
        Assert.DoesNotContain(late, _store.Files.Keys);
    }

    [Fact]
    public async Task A_smaller_owner_is_refused()
    {
        await (await ClaimedAsync(5)).DisposeAsync();
        await using FileSink smaller = Sink();
        CdcException refused = await FailsAsync(async () => await smaller.ClaimAsync(Claim(4, 9), Never));
        Assert.Equal(FailureKind.SinkFenced, refused.Kind);
        await using FileSink same = Sink();
        SinkProgress? progress = await same.ClaimAsync(Claim(5, 2), Never);
        Assert.Equal(new Owner(5, 2), progress!.Owner);
    }

    [Fact]
    public async Task Of_two_processes_that_claim_with_the_same_owner_only_one_goes_on_writing()
    {
        await using FileSink one = await ClaimedAsync(1);
        await using FileSink other = await ClaimedAsync(1);
        await WriteAsync(one, 10);
        Assert.Equal(FailureKind.SinkFenced, (await FailsAsync(() => one.FlushAsync(Never))).Kind);
        await other.WriteAsync(new[] { _feed.Batch(10) }, Never);
        await other.ResolveAsync(Feed.Stamp(10), Never);
        await other.FlushAsync(Never);
        Assert.Equal([Feed.Line(10, 0)], IndexReader.Lines(_store.Files));
    }

    [Fact]
    public async Task A_new_directory_says_nothing_and_a_claimed_one_says_who()
    {
        await using FileSink sink = Sink();
        Assert.Null(await sink.ProgressAsync(Never));
        SinkProgress? claimed = await sink.ClaimAsync(Claim(3), Never);
        Assert.Equal(CommitTs.Zero, claimed!.Position);
        SinkProgress? progress = await Sink().ProgressAsync(Never);
        Assert.Equal(Feed.Source, progress!.Source);
        Assert.Equal("orders", progress.Changefeed);
        Assert.Equal(new Owner(3, 1), progress.Owner);
    }

    [Fact]
    public async Task Copied_tables_and_schema_versions_survive_any_number_of_owners()
    {
        await using (FileSink first = await ClaimedAsync(1))
        {
            await using ITableCopy copy = await first.CopyAsync(Feed.Orders, Feed.At(5), Never);
            await copy.CompleteAsync(Never);
            await using ITableCopy dropped = await first.CopyAsync(Feed.Items, Feed.At(6), Never);
            foreach (var batch in _feed.Copied(Feed.Items, 6, 0, 3)) await dropped.WriteAsync(0, batch, Never);
        }
        for (ulong epoch = 2; epoch < 6; epoch++)
        {
            await using FileSink next = Sink();
            SinkProgress? progress = await next.ClaimAsync(Claim(epoch), Never);
            Assert.Equal(Feed.At(5), Assert.Single(progress!.Copied).Value);
            Assert.Equal(Feed.Orders, Assert.Single(progress.Schemas));
            if (epoch == 3)
            {
                await next.WriteAsync(new[] { _feed.Batch(10) }, Never);
                await next.ResolveAsync(Feed.Stamp(10), Never);
                await next.FlushAsync(Never);
            }
        }
        Assert.Equal([Feed.Line(10, 0)], IndexReader.Lines(_store.Files));
        Assert.Single(_store.Files.Keys, static name => name.StartsWith("data/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_truncate_that_is_recorded_is_not_written_again()
    {
        await using (FileSink first = await ClaimedAsync(1))
        {
            Assert.Equal(BlockOutcome.Written, await first.ExecuteAsync(Feed.Truncate(20), Never));
        }
        await using FileSink second = Sink();
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(Feed.At(20), progress!.Position);
        Assert.Equal(BlockOutcome.AlreadyRecorded, await second.ExecuteAsync(Feed.Truncate(20), Never));
        Assert.Equal(2, IndexReader.Lines(_store.Files).Count);
    }

    [Theory]
    [InlineData("other", "demo", "system", "shop", 0, FailureKind.SinkUnfit)]
    [InlineData("orders", "demo", "system", "bank", 0, FailureKind.SinkUnfit)]
    [InlineData("orders", "postgres", "system", "shop", 0, FailureKind.SinkUnfit)]
    [InlineData("orders", "demo", "system", "shop", 2, FailureKind.SourceChanged)]
    public async Task A_directory_of_something_else_is_refused(
        string changefeed, string kind, string system, string database, uint timeline, FailureKind expected)
    {
        await (await ClaimedAsync(1)).DisposeAsync();
        await using FileSink sink = Sink();
        SourceIdentity source = new(kind, system, database, timeline);
        CdcException refused = await FailsAsync(async () =>
            await sink.ClaimAsync(new(changefeed, source, TableSpan.Everything, new(2, 1)), Never));
        Assert.Equal(expected, refused.Kind);
        Assert.NotNull(refused.Fix);
    }

    [Fact]
    public async Task A_directory_with_somebody_elses_files_is_refused_and_left_alone()
    {
        _store.Change("thesis.doc", [1]);
        await using FileSink sink = Sink();
        Assert.Equal(FailureKind.SinkUnfit, Assert.Single(await sink.InspectAsync(Never)).Kind);
        CdcException refused = await FailsAsync(async () => await sink.ClaimAsync(Claim(1), Never));
        Assert.Equal(FailureKind.SinkUnfit, refused.Kind);
        Assert.Equal("thesis.doc", Assert.Single(_store.Files.Keys));
    }

    [Fact]
    public async Task What_a_look_left_that_was_killed_is_not_somebody_elses()
    {
        _store.Change(".cdc-probe-0123.tmp", []);
        await using FileSink sink = Sink();
        Assert.Empty(await sink.InspectAsync(Never));
        await sink.ClaimAsync(Claim(1), Never);
        Assert.DoesNotContain(".cdc-probe-0123.tmp", _store.Files.Keys);
    }

    [Theory]
    [InlineData("cdc.json")]
    [InlineData("index/0000000000000002.json")]
    public async Task A_newer_format_is_refused_by_name(string name)
    {
        await FilledAsync();
        _store.Change(name, Encoding.UTF8.GetBytes("{\"format\": 2}"));
        CdcException refused = await FailsAsync(async () => await Sink().ClaimAsync(Claim(2), Never));
        Assert.Equal(FailureKind.SinkUnfit, refused.Kind);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Contains("format 2", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cdc.json", "{\"format\": 1,")]
    [InlineData("index/0000000000000003.json", "")]
    [InlineData("index/0000000000000003.json", "[]")]
    [InlineData("index/0000000000000003.json", "{\"format\": 1, \"entry\": 3}")]
    [InlineData("index/0000000000000002.json", null)]
    [InlineData("position.json", "{\"format\": 1, \"seal\": 1, \"position\": \"x\"}")]
    public async Task A_damaged_directory_is_refused_by_name_and_nothing_is_deleted(string name, string? content)
    {
        await FilledAsync();
        _store.Change(name, content is null ? null : Encoding.UTF8.GetBytes(content));
        int before = _store.Files.Count;
        CdcException refused = await FailsAsync(async () => await Sink().ClaimAsync(Claim(2), Never));
        Assert.Equal(FailureKind.SinkUnfit, refused.Kind);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, _store.Files.Count);
        Assert.Equal(FailureKind.SinkUnfit, Assert.Single(await Sink().InspectAsync(Never)).Kind);
    }

    [Fact]
    public async Task An_index_that_is_gone_does_not_take_the_data_with_it()
    {
        await FilledAsync();
        foreach (string name in _store.Files.Keys)
        {
            if (name.StartsWith("index/", StringComparison.Ordinal)) _store.Change(name, null);
        }
        int before = _store.Files.Count;
        CdcException refused = await FailsAsync(async () => await Sink().ClaimAsync(Claim(2), Never));
        Assert.Equal(FailureKind.SinkUnfit, refused.Kind);
        Assert.Equal(before, _store.Files.Count);
    }

    [Fact]
    public async Task A_start_reads_no_further_than_it_must_so_that_old_entries_may_be_archived()
    {
        await FilledAsync();
        await using (FileSink second = await ClaimedAsync(2))
        {
            await WriteAsync(second, 30);
            await second.FlushAsync(Never);
        }
        foreach (long archived in (long[])[1, 2, 3]) _store.Change(Layout.Entry(archived), null);
        await using FileSink third = Sink();
        SinkProgress? progress = await third.ClaimAsync(Claim(3), Never);
        Assert.Equal(Feed.At(30), progress!.Position);
        Assert.Equal(3, _store.Files.Keys.Count(static name => name.StartsWith("data/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_claim_deletes_what_no_entry_names()
    {
        await FilledAsync();
        string[] before = [.. _store.Files.Keys];
        _store.Change(Layout.DataFile(Feed.At(99), 1, 99, null, ".lines"), [1]);
        _store.Change("data/x.lines.tmp", [1]);
        _store.Change("index/x.json.tmp", [1]);
        await (await ClaimedAsync(2)).DisposeAsync();
        Assert.Equal(before.Append(Layout.Entry(4)).Order(StringComparer.Ordinal), _store.Files.Keys);
    }

    async Task FilledAsync()
    {
        await using FileSink sink = await ClaimedAsync(1);
        await WriteAsync(sink, 10);
        await sink.FlushAsync(Never);
        await WriteAsync(sink, 20);
        await sink.FlushAsync(Never);
    }
}
