using Cdc.Embedded.Running;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Embedded.Tests.Running;

/// <summary>A source that can't be reached is waited for, whatever the run is doing.</summary>
public sealed class RetryTests
{
    readonly Journal _journal = new();
    readonly ScriptedSource _source;
    readonly JournalState _state;

    public RetryTests() => (_source, _state) = (new(_journal) { Tables = 3 }, new(_journal));

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_waited_for()
    {
        int looks = 0;
        _source.Looked = () => _ = ++looks <= 3 ? throw ScriptedSource.Lost() : 0;
        RunResult result = await RunAsync(retryFor: TimeSpan.FromDays(1));
        Assert.True(result.ReachedUntil);
        Assert.Equal(1, Count("start"));
        Assert.Equal(1, Count("claim 1.1"));
    }

    [Theory]
    [InlineData(FailureKind.SourceRefused)]
    [InlineData(FailureKind.SourceUnfit)]
    public async Task What_does_not_pass_by_itself_ends_the_start_at_once(FailureKind kind)
    {
        int looks = 0;
        _source.Looked = () => throw new CdcException(kind, $"No, for the {++looks}. time.");
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync());
        Assert.Equal((kind, "No, for the 1. time."), (failure.Kind, failure.Message));
        Assert.Empty(_journal.Lines);
    }

    [Fact]
    public async Task A_connection_lost_while_the_place_is_made_makes_it_again()
    {
        _source.StartsLost = 2;
        await RunAsync();
        Assert.Equal(3, Count("start"));
        for (int table = 1; table <= 3; table++) Assert.Equal(1, Count($"copied {table}"));
    }

    [Fact]
    public async Task A_connection_lost_while_tables_are_copied_copies_only_what_is_not_complete()
    {
        _source.CopiesLost[new TableId(2)] = 2;
        await RunAsync();
        Assert.Equal(1, Count("start"));
        for (int table = 1; table <= 3; table++) Assert.Equal(1, Count($"copied {table}"));
        Assert.Equal(2, _journal.Lines.Count(static line => line.StartsWith("snapshot of ", StringComparison.Ordinal)));
        Assert.DoesNotContain(_journal.Lines, static line => line.StartsWith("snapshot of 1", StringComparison.Ordinal));
        Assert.Equal(5, _journal.Lines.Count(static line => line.StartsWith("row ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_place_that_is_gone_when_the_server_comes_back_ends_the_copy()
    {
        _source.CopiesLost[new TableId(2)] = 1;
        int looks = 0;
        _source.Looked = () => _source.Position = ++looks > 1 ? PositionState.Absent : _source.Position;
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync());
        Assert.Equal(FailureKind.PositionLost, failure.Kind);
    }

    [Theory]
    [InlineData("look")]
    [InlineData("start")]
    [InlineData("copy")]
    [InlineData("end")]
    public async Task Patience_has_an_end(string during)
    {
        if (during == "look") _source.Looked = static () => throw ScriptedSource.Lost();
        if (during == "start") _source.StartsLost = int.MaxValue;
        if (during == "end") _source.SequencesLost = int.MaxValue;
        if (during == "copy")
        {
            // Every further snapshot fails to open: the source is not reached any more.
            _source.CopiesLost[new TableId(1)] = 1;
            _source.SnapshotsLost = int.MaxValue;
        }
        CdcException failure =
            await Assert.ThrowsAsync<CdcException>(() => RunAsync(retryFor: TimeSpan.FromMilliseconds(20)));
        Assert.Equal(FailureKind.SourceUnreachable, failure.Kind);
    }

    [Fact]
    public async Task A_server_that_is_away_when_all_rows_are_durable_is_waited_for()
    {
        _source.SequencesLost = 2;
        RunResult result = await RunAsync();
        Assert.True(result.ReachedUntil);
        Assert.Equal(CommitTs.End(205), result.Checkpoint);
        // Once behind the copy, once at the end.
        Assert.Equal(2, Count("sequences"));
    }

    [Fact]
    public async Task A_run_says_that_it_tries_again_and_can_be_stopped_meanwhile()
    {
        using CancellationTokenSource stop = new();
        _source.StartsLost = int.MaxValue;
        ChangefeedRunner runner = Runner(TimeSpan.Zero);
        Task<RunResult> run = runner.RunAsync(stop.Token);
        while (runner.Progress.Phase is not RunPhase.Retrying) await Task.Yield();
        await stop.CancelAsync();
        Assert.False((await run).ReachedUntil);
    }

    [Fact]
    public async Task A_position_that_was_reached_before_ends_the_stream_at_once()
    {
        await RunAsync();
        _journal.IndexOf("stream ");
        int streams = _journal.Lines.Count(static line => line.StartsWith("stream ", StringComparison.Ordinal));
        RunResult again = await RunAsync(until: new StopPoint.Position(CommitTs.End(202)));
        Assert.True(again.ReachedUntil);
        Assert.Equal(streams,
            _journal.Lines.Count(static line => line.StartsWith("stream ", StringComparison.Ordinal)));
    }

    int Count(string line) => _journal.Lines.Count(found => found == line);

    Task<RunResult> RunAsync(TimeSpan retryFor = default, StopPoint? until = null) =>
        Runner(retryFor, until).RunAsync(TestContext.Current.CancellationToken);

    ChangefeedRunner Runner(TimeSpan retryFor, StopPoint? until = null) => new(new()
    {
        Name = "feed", Source = _source, Sink = new JournalSink(_journal), State = _state,
        Filter = ChangeFilter.PassAll, SnapshotParallel = 1, Until = until ?? new StopPoint.Now(), RetryFor = retryFor,
        PositionWait = TimeSpan.Zero, Time = new HastyTime(), Loggers = NullLoggerFactory.Instance,
    });
}
