using Cdc.Embedded.Running;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Protocol;
using Cdc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Embedded.Tests.Running;

/// <summary>A table that can't be copied from one snapshot is copied from another.</summary>
public sealed class CopyAgainTests
{
    readonly Journal _journal = new();
    readonly SteppingTime _time = new();

    [Fact]
    public async Task A_table_rewritten_before_its_copy_gets_a_new_snapshot()
    {
        ScriptedSource source = new(_journal) { Tables = 2 };
        source.Rewritten[new TableId(2)] = 2;
        await RunAsync(source);
        Assert.Equal(2, Count("snapshot of 2"));
        Assert.Equal(1, Count("copied 2"));
    }

    [Fact]
    public async Task A_table_that_is_rewritten_every_time_is_given_up_with_a_sentence_after_a_minute()
    {
        ScriptedSource source = new(_journal) { Snapshotting = () => _time.Step(TimeSpan.FromSeconds(1)) };
        source.Rewritten[new TableId(1)] = int.MaxValue;
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync(source));
        Assert.Equal(FailureKind.TableStopped, failure.Kind);
        Assert.Contains("from any of 60 snapshots", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("The table was rewritten.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task However_long_a_snapshot_takes_ten_in_a_row_are_tried()
    {
        ScriptedSource source = new(_journal) { Snapshotting = () => _time.Step(TimeSpan.FromHours(1)) };
        source.Rewritten[new TableId(1)] = 10;
        await RunAsync(source);
        Assert.Equal(10, Count("snapshot of 1"));
        Assert.Equal(1, Count("copied 1"));
    }

    [Fact]
    public async Task A_table_that_was_copied_gives_the_others_their_time_anew()
    {
        ScriptedSource source = new(_journal) { Tables = 2, Snapshotting = () => _time.Step(TimeSpan.FromMinutes(1)) };
        source.Rewritten[new TableId(1)] = 9;
        source.Rewritten[new TableId(2)] = 18;
        await RunAsync(source);
        Assert.Equal(9, Count("snapshot of 1,2") + Count("snapshot of 2,1"));
        Assert.Equal(9, Count("snapshot of 2"));
    }

    [Fact]
    public async Task A_table_that_the_target_refuses_once_is_copied_from_another_snapshot()
    {
        JournalSink sink = new(_journal);
        sink.CompletionsRefused[new TableId(1)] = 1;
        await RunAsync(new(_journal), sink);
        Assert.Equal(1, Count("snapshot of 1"));
        Assert.Equal(1, Count("copied 1"));
    }

    [Fact]
    public async Task A_table_that_the_target_refuses_twice_ends_the_run_with_the_first_sentence()
    {
        JournalSink sink = new(_journal);
        sink.CompletionsRefused[new TableId(1)] = 3;
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => RunAsync(new(_journal), sink));
        Assert.Equal("Refused, with 3 to come.", failure.Message);
        Assert.Equal(1, Count("snapshot of 1"));
    }

    int Count(string line) => _journal.Lines.Count(found => found == line);

    Task RunAsync(ScriptedSource source, JournalSink? sink = null)
    {
        ChangefeedRunner runner = new(new()
        {
            Name = "feed", Source = source, Sink = sink ?? new(_journal), State = new JournalState(_journal),
            Filter = ChangeFilter.PassAll, SnapshotParallel = 2, Until = new StopPoint.Now(),
            PositionWait = TimeSpan.Zero, Time = _time, Loggers = NullLoggerFactory.Instance,
        });
        return runner.RunAsync(TestContext.Current.CancellationToken);
    }
}
