using Cdc.Embedded.Running;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Embedded.Tests.Running;

/// <summary>Where a sink loses a part of a step with its connection, another goes on from what the target has.</summary>
public sealed class AnotherSinkTests
{
    static readonly CommitTs[] s_everyRow = [.. Enumerable.Range(201, 5).Select(static commit => Row((ulong)commit))];

    readonly Journal _journal = new();
    readonly LeapingTime _time = new();
    readonly ScriptedSource _source;
    readonly RecordingTarget _target;

    public AnotherSinkTests() => (_source, _target) = (new(_journal), new(_journal));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_row_is_there_once_whether_the_last_commit_was_done_or_not(bool isDone)
    {
        Once(203, commit =>
        {
            if (isDone) commit();
            throw RecordingTarget.Interrupted();
        });
        ChangefeedRunner runner = Runner();
        RunResult result = await runner.RunAsync(TestContext.Current.CancellationToken);
        Assert.True(result.ReachedUntil);
        Assert.Equal(CommitTs.End(205), result.Checkpoint);
        Assert.Equal(s_everyRow, _target.Rows);
        Assert.Equal(isDone ? 5 : 6, runner.Progress.Rows);
    }

    [Fact]
    public async Task The_last_sink_is_gone_and_a_larger_epoch_saved_before_another_claims()
    {
        OnceTaken(203);
        await RunAsync();
        string[] steps = ["open 1", "claim 1.1", "dispose 1", "open 2", "save epoch 2", "claim 2.1"];
        int[] places = [.. steps.Select(_journal.IndexOf)];
        Assert.Equal(places.Order(), places);
        // The last one is whose parts these are to dispose.
        Assert.DoesNotContain("dispose 2", _journal.Lines);
        Assert.Equal(s_everyRow, _target.Rows);
    }

    [Fact]
    public async Task What_is_committed_while_we_look_is_not_written_again()
    {
        Action? late = null;
        Once(203, commit =>
        {
            late = commit;
            throw RecordingTarget.Interrupted();
        });
        _target.Claiming = () => late?.Invoke();
        await RunAsync();
        Assert.Equal(s_everyRow, _target.Rows);
    }

    [Fact]
    public async Task What_the_last_sink_has_under_way_is_shut_out()
    {
        Action? late = null;
        Once(203, commit =>
        {
            late = commit;
            throw RecordingTarget.Interrupted();
        });
        _target.Taking = at =>
        {
            if (at == Row(204)) late!();
        };
        await RunAsync();
        Assert.Equal(s_everyRow, _target.Rows);
    }

    [Fact]
    public async Task A_target_that_lost_durable_rows_gets_them_again()
    {
        Once(205, _ =>
        {
            _target.Rows.RemoveRange(2, 2);
            _target.Position = CommitTs.End(202);
            throw RecordingTarget.Interrupted();
        });
        await RunAsync();
        Assert.Equal(s_everyRow, _target.Rows);
    }

    [Fact]
    public async Task A_target_that_somebody_else_has_meanwhile_is_left_to_him()
    {
        Owner other = new(7, 1);
        Once(203, _ =>
        {
            _target.Owner = other;
            throw RecordingTarget.Interrupted();
        });
        Assert.Equal(FailureKind.SinkFenced, (await FailAsync()).Kind);
        Assert.Equal(other, _target.Owner);
    }

    [Fact]
    public async Task A_target_that_is_away_is_waited_for()
    {
        OnceTaken(203);
        int looks = 0;
        _target.LookedAgain = () => _ = ++looks <= 3 ? throw RecordingTarget.Away() : 0;
        int claims = 0;
        _target.Claiming = () => _ = ++claims == 2 ? throw RecordingTarget.Away() : 0;
        await RunAsync();
        Assert.Equal(s_everyRow, _target.Rows);
        Assert.Equal([1, 2, 4, 8, 16], Seconds());
        // A sink that has not got through is disposed as well.
        for (int sink = 1; sink <= 5; sink++) _journal.IndexOf($"dispose {sink}");
    }

    [Fact]
    public async Task A_source_that_is_away_meanwhile_is_waited_for_too()
    {
        OnceTaken(203);
        int looks = 0;
        _source.Looked = () => _ = ++looks is 2 or 3 ? throw ScriptedSource.Lost() : 0;
        await RunAsync();
        Assert.Equal(s_everyRow, _target.Rows);
    }

    [Fact]
    public async Task Patience_ends_where_the_target_stays_away()
    {
        OnceTaken(203);
        _target.LookedAgain = static () => throw RecordingTarget.Away();
        Assert.Equal(FailureKind.SinkUnreachable, (await FailAsync(retryFor: TimeSpan.FromSeconds(5))).Kind);
        Assert.Equal([1, 2, 4], Seconds());
    }

    [Fact]
    public async Task Patience_ends_where_no_sink_gets_any_further()
    {
        int attempts = 0;
        _target.Taking = at =>
        {
            if (at != Row(203)) return;
            Assert.True(++attempts < 10, "Patience has no end.");
            throw RecordingTarget.Interrupted();
        };
        Assert.Equal(FailureKind.SinkInterrupted, (await FailAsync(retryFor: TimeSpan.FromSeconds(5))).Kind);
        Assert.Equal([1, 2, 4], Seconds());
        Assert.Equal(s_everyRow[..2], _target.Rows);
    }

    [Fact]
    public async Task Patience_begins_anew_where_a_sink_gets_further()
    {
        HashSet<CommitTs> seen = [];
        _target.Taking = at => _ = seen.Add(at) ? throw RecordingTarget.Interrupted() : 0;
        await RunAsync(retryFor: TimeSpan.FromSeconds(2));
        Assert.Equal(s_everyRow, _target.Rows);
        Assert.Equal([1, 1, 1, 1, 1], Seconds());
    }

    [Fact]
    public async Task A_sink_that_is_interrupted_at_the_end_is_followed_by_another_as_well()
    {
        bool isFirst = true;
        _target.Flushing = () =>
        {
            if (!isFirst) return;
            isFirst = false;
            throw RecordingTarget.Interrupted();
        };
        await RunAsync();
        Assert.False(isFirst);
        Assert.Equal(s_everyRow, _target.Rows);
    }

    [Fact]
    public async Task Without_another_sink_the_run_ends()
    {
        OnceTaken(203);
        Assert.Equal(FailureKind.SinkInterrupted, (await FailAsync(hasAnother: false)).Kind);
        Assert.DoesNotContain("dispose 1", _journal.Lines);
    }

    [Theory]
    [InlineData(FailureKind.SinkUnreachable)]
    [InlineData(FailureKind.SinkRefused)]
    [InlineData(FailureKind.SinkFenced)]
    [InlineData(FailureKind.TableStopped)]
    public async Task Other_failures_of_a_sink_end_the_run(FailureKind kind)
    {
        _target.Taking = at => _ = at == Row(203) ? throw new CdcException(kind, "No.") : 0;
        Assert.Equal(kind, (await FailAsync(retryFor: TimeSpan.FromSeconds(5))).Kind);
        Assert.DoesNotContain("open 2", _journal.Lines);
    }

    [Fact]
    public async Task A_run_that_waits_for_the_target_can_be_stopped()
    {
        using CancellationTokenSource stop = new();
        OnceTaken(203);
        int looks = 0;
        _target.LookedAgain = () =>
        {
            if (++looks == 3) stop.Cancel();
            throw RecordingTarget.Away();
        };
        ChangefeedRunner runner = Runner();
        RunResult result = await runner.RunAsync(stop.Token);
        Assert.False(result.ReachedUntil);
        Assert.Equal(CommitTs.End(202), result.Checkpoint);
    }

    // The first time that this commit is to be committed.
    void Once(ulong commit, Action<Action> happens)
    {
        bool isFirst = true;
        _target.Committing = (at, done) =>
        {
            if (at != CommitTs.End(commit) || !isFirst)
            {
                done();
                return;
            }
            isFirst = false;
            happens(done);
        };
    }

    void OnceTaken(ulong commit)
    {
        bool isFirst = true;
        _target.Taking = at =>
        {
            if (at != Row(commit) || !isFirst) return;
            isFirst = false;
            throw RecordingTarget.Interrupted();
        };
    }

    static CommitTs Row(ulong commit) => new(commit, 0);

    double[] Seconds() => [.. _time.Pauses.Select(static pause => pause.TotalSeconds)];

    async Task RunAsync(TimeSpan retryFor = default) =>
        Assert.True((await Runner(retryFor).RunAsync(TestContext.Current.CancellationToken)).ReachedUntil);

    Task<CdcException> FailAsync(TimeSpan retryFor = default, bool hasAnother = true) => Assert.ThrowsAsync<CdcException>(
        () => Runner(retryFor, hasAnother).RunAsync(TestContext.Current.CancellationToken));

    ChangefeedRunner Runner(TimeSpan retryFor = default, bool hasAnother = true) => new(new()
    {
        Name = "feed", Source = _source, Sink = _target.Open(), AnotherSink = hasAnother ? _target.Open : null,
        State = new JournalState(_journal), Filter = ChangeFilter.PassAll, SnapshotParallel = 1,
        Until = new StopPoint.Now(), RetryFor = retryFor, PositionWait = TimeSpan.Zero, Time = _time,
        Loggers = NullLoggerFactory.Instance,
    });
}
