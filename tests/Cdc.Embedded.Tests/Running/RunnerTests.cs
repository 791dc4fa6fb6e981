using System.Globalization;
using Cdc.Embedded.Running;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Embedded.Tests.Running;

public sealed class RunnerTests
{
    readonly Journal _journal = new();
    readonly ScriptedSource _source;
    readonly JournalState _state;

    public RunnerTests() => (_source, _state) = (new(_journal), new(_journal));

    [Fact]
    public async Task The_epoch_is_saved_before_anything_is_made_or_claimed()
    {
        await RunAsync();
        Assert.Equal(0, _journal.IndexOf("save epoch 1"));
        Assert.True(_journal.IndexOf("save epoch 1") < _journal.IndexOf("claim 1.1"));
        Assert.True(_journal.IndexOf("claim 1.1") < _journal.IndexOf("start"));
    }

    [Fact]
    public async Task Each_run_claims_with_a_larger_epoch()
    {
        await RunAsync();
        await RunAsync();
        Assert.True(_journal.IndexOf("claim 1.1") < _journal.IndexOf("claim 2.1"));
    }

    [Fact]
    public async Task The_source_is_told_only_what_was_saved()
    {
        await RunAsync();
        IReadOnlyList<string> lines = _journal.Lines;
        for (int i = 0; i < lines.Count; i++)
        {
            if (!lines[i].StartsWith("confirm ", StringComparison.Ordinal)) continue;
            string at = lines[i]["confirm ".Length..];
            Assert.Contains(lines.Take(i), line => line.StartsWith("save ", StringComparison.Ordinal) && line.Contains($"checkpoint {at}"));
        }
        _journal.IndexOf($"confirm {CommitTs.End(205)}");
    }

    [Fact]
    public async Task Schema_versions_are_saved_before_the_checkpoint_that_needs_them()
    {
        await RunAsync();
        Assert.True(_journal.IndexOf("schemas 1") < _journal.IndexOf($"save epoch 1 checkpoint {CommitTs.End(100)}"));
    }

    [Fact]
    public async Task A_table_is_recorded_as_copied_only_when_the_sink_has_it()
    {
        await RunAsync();
        Assert.True(_journal.IndexOf("copied 1") < _journal.IndexOf($"save epoch 1 checkpoint {CommitTs.End(100)} Copying copied 1"));
    }

    [Fact]
    public async Task A_lost_connection_goes_on_behind_the_last_position_without_repeating_a_row()
    {
        _source.Breaks.Enqueue(202);
        _source.Breaks.Enqueue(204);
        await RunAsync();
        _journal.IndexOf($"stream after {CommitTs.End(202)}");
        _journal.IndexOf($"stream after {CommitTs.End(204)}");
        Assert.Equal(5, _journal.Lines.Count(static line => line.StartsWith("row ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_that_comes_back_as_another_one_ends_the_run()
    {
        _source.Breaks.Enqueue(202);
        int looks = 0;
        _source.Looked = () =>
        {
            if (++looks > 1) _source.Identity = ScriptedSource.Shop with { Timeline = 2 };
        };
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync());
        Assert.Equal(FailureKind.SourceChanged, failure.Kind);
    }

    [Fact]
    public async Task A_slot_that_is_gone_when_the_server_comes_back_ends_the_run()
    {
        _source.Breaks.Enqueue(202);
        int looks = 0;
        _source.Looked = () =>
        {
            if (++looks > 1) _source.Position = PositionState.Absent;
        };
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync());
        Assert.Equal(FailureKind.PositionLost, failure.Kind);
    }

    [Theory]
    [InlineData(PersistOutcome.Refused, FailureKind.StateLocked)]
    [InlineData(PersistOutcome.Unknown, FailureKind.StateUnusable)]
    public async Task A_save_that_is_not_known_to_have_happened_ends_the_run_and_confirms_nothing(
        PersistOutcome outcome, FailureKind kind)
    {
        _state.Answer = state => state.Checkpoint > CommitTs.End(200) ? outcome : null;
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync());
        Assert.Equal(kind, failure.Kind);
        Assert.DoesNotContain(_journal.Lines, static line => line.StartsWith("confirm ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_interrupted_snapshot_copies_only_what_is_not_complete()
    {
        ScriptedSource source = new(_journal) { Tables = 3 };
        bool full = true;
        JournalSink sink = new(_journal) { Refuses = table => full && table.Id.Value == 3 };
        await Assert.ThrowsAsync<CdcException>(() => RunAsync(source, sink, parallel: 1));
        full = false;
        await RunAsync(source, sink);
        _journal.IndexOf("snapshot of 3");
        Assert.Equal(1, _journal.Lines.Count(static line => line == "copied 1"));
    }

    [Fact]
    public async Task A_busy_place_is_waited_for_before_the_target_is_claimed()
    {
        await RunAsync();
        _source.Position = PositionState.Busy;
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync());
        Assert.Equal(FailureKind.PositionBusy, failure.Kind);
        Assert.Contains("4711", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("claim 2.1", _journal.Lines);
    }

    [Fact]
    public async Task A_second_run_that_wants_only_the_snapshot_ends_at_once()
    {
        await RunAsync(until: new StopPoint.Snapshot());
        RunResult again = await RunAsync(until: new StopPoint.Snapshot());
        Assert.True(again.ReachedUntil);
        Assert.DoesNotContain(_journal.Lines, static line => line.StartsWith("stream ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_is_asked_to_stop_saves_what_it_has()
    {
        using CancellationTokenSource stop = new();
        Task<RunResult> run = RunAsync(isEndless: true, stop: stop);
        while (!_journal.Lines.Contains($"row {new CommitTs(205, 0)}")) await Task.Yield();
        await stop.CancelAsync();
        RunResult result = await run;
        Assert.False(result.ReachedUntil);
        Assert.True(result.Checkpoint >= CommitTs.End(204));
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_a_transaction_saves_all_that_is_complete_and_nothing_of_it()
    {
        using CancellationTokenSource stop = new();
        _source.LeftOpen = stop.Cancel;
        RunResult result = await RunAsync(sink: new(_journal) { WaitsForFlush = true }, isEndless: true, stop: stop);
        Assert.False(result.ReachedUntil);
        Assert.Equal(CommitTs.End(205), result.Checkpoint);
        _journal.IndexOf($"confirm {CommitTs.End(205)}");
        Assert.DoesNotContain($"row {new CommitTs(206, 0)}", _journal.Lines);
    }

    [Fact]
    public async Task A_stop_that_cuts_a_write_short_saves_what_was_durable_before_and_settles()
    {
        using CancellationTokenSource stop = new();
        JournalSink sink = new(_journal)
        {
            Taking = (at, cancellationToken) =>
            {
                if (at != new CommitTs(204, 0)) return Task.CompletedTask;
                stop.Cancel();
                return Task.FromCanceled(cancellationToken);
            },
        };
        RunResult result = await RunAsync(sink: sink, isEndless: true, stop: stop);
        Assert.Equal(CommitTs.End(203), result.Checkpoint);
        _journal.IndexOf("settle");
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "1970-01-01T00:00:00.0000010+00:00")]
    [InlineData(long.MaxValue, null)]
    [InlineData(long.MinValue, null)]
    [InlineData(253402300799999999, "9999-12-31T23:59:59.9999990+00:00")]
    [InlineData(253402300800000000, null)]
    [InlineData(-62135596800000000, "0001-01-01T00:00:00.0000000+00:00")]
    [InlineData(-62135596800000001, null)]
    public void Any_commit_time_can_be_looked_at(long microseconds, string? expected)
    {
        _source.CommitTime = microseconds;
        using ChangefeedRunner runner = Runner(_source, new(_journal), until: null);
        Assert.Equal(expected, runner.Progress.CommitTime?.ToString("O", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_stop_before_anything_is_saved_is_a_clean_one()
    {
        using CancellationTokenSource stop = new();
        _source.Looked = stop.Cancel;
        RunResult result = await RunAsync(stop: stop);
        Assert.Equal((CommitTs.Zero, false, false), (result.Checkpoint, result.ReachedUntil, result.IsCopied));
        Assert.Empty(_journal.Lines);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task A_stop_says_whether_all_tables_are_copied(int copies, bool isCopied)
    {
        using CancellationTokenSource stop = new();
        ScriptedSource source = new(_journal) { Tables = 3 };
        source.CopiesLost[new TableId(copies + 1)] = 1;
        source.LeftOpen = stop.Cancel;
        source.Looked = () =>
        {
            if (_journal.Lines.Contains("start")) stop.Cancel();
        };
        RunResult result = await RunAsync(source, isEndless: true, parallel: 1, stop: stop);
        Assert.Equal(isCopied, result.IsCopied);
        Assert.Equal(copies, _journal.Lines.Count(static line => line.StartsWith("copied ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_end_does_not_make_a_clean_stop_a_failure()
    {
        _source.IsAwayAtTheEnd = true;
        RunResult result = await RunAsync();
        Assert.True(result.ReachedUntil);
        Assert.Equal(CommitTs.End(205), result.Checkpoint);
    }

    Task<RunResult> RunAsync(
        ScriptedSource? source = null, JournalSink? sink = null, bool isEndless = false, StopPoint? until = null, int parallel = 2,
        CancellationTokenSource? stop = null)
    {
        ChangefeedRunner runner = Runner(
            source ?? _source, sink ?? new(_journal), isEndless ? null : until ?? new StopPoint.Now(), parallel);
        return runner.RunAsync(stop?.Token ?? TestContext.Current.CancellationToken);
    }

    ChangefeedRunner Runner(ScriptedSource source, JournalSink sink, StopPoint? until, int parallel = 2) => new(new()
    {
        Name = "feed", Source = source, Sink = sink, State = _state,
        Filter = ChangeFilter.PassAll, SnapshotParallel = parallel, Until = until,
        PositionWait = TimeSpan.Zero, Time = new HastyTime(), Loggers = NullLoggerFactory.Instance,
    });
}
