using System.Globalization;
using Cdc.Cli;
using Cdc.Cli.Output;
using Cdc.Embedded.Running;
using Cdc.Engine;
using Cdc.Protocol;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Commands;

/// <summary>What a run says last is true, however it ends.</summary>
public sealed class LastWordsTests : IDisposable
{
    readonly TemporaryDirectory _directory = new("cdc-words-");
    readonly StringWriter _error = new(CultureInfo.InvariantCulture);
    readonly StopSignals _signals = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("./out", "the tables are not all copied; the next run goes on with those that are left")]
    [InlineData("blackhole", "the tables are not all copied, and nothing is kept to go on from")]
    public async Task A_stop_while_tables_are_copied_does_not_say_that_they_are_written(string to, string expected)
    {
        using CliHost host = Host(new AtMilestone(Milestone.SnapshotRowsWritten, _signals.Ask));
        Assert.Equal(0, await CommandLineApp.RunAsync(["run", "--from", "demo:", "--to", to], host));
        Assert.Contains(expected, _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("everything up to", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./out", "The next start goes on")]
    [InlineData("blackhole", "")]
    public async Task A_second_signal_promises_only_what_can_be_gone_on_from(string to, string expected)
    {
        using ManualResetEventSlim done = new();
        using CliHost host = Host(new AtMilestone(Milestone.BatchWritten, () =>
        {
            _signals.Ask();
            _signals.Ask();
            done.Wait(TestContext.Current.CancellationToken);
        }));
        int code = await CommandLineApp.RunAsync(["run", "--from", "demo:?transactions=0", "--to", to], host);
        string said = _error.ToString();
        done.Set();
        Assert.Equal(130, code);
        Assert.Contains("stopped at once." + (expected.Length > 0 ? " " + expected : "\n"), said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_progress_line_at_the_end_does_not_say_that_it_went_well()
    {
        await ReportAsync(new(RunPhase.Ended, 1, 2, 7, 9, 0, 0, CommitTs.Zero, CommitTs.Zero, null, ""));
        Assert.Contains("ended, 7 rows copied", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_were_copied_before_do_not_count_as_the_streams_speed()
    {
        await ReportAsync(new(RunPhase.Streaming, 1, 2, 5000, 0, 0, 0, CommitTs.Zero, CommitTs.Zero, null, ""));
        Assert.Contains("streaming, 0 rows, 0 rows/s", _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotMatch("[1-9][0-9,]* rows/s", _error.ToString());
    }

    /// <summary>Reports a run that looks like this until it was looked at.</summary>
    async Task ReportAsync(ChangefeedProgress progress)
    {
        TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CliHost host = Host(NoMilestones.Instance, isTerminal: true);
        await using (new ProgressReporter(host, Look, json: false, isLive: true)) await looked.Task;

        ChangefeedProgress Look()
        {
            looked.TrySetResult();
            return progress;
        }
    }

    CliHost Host(IMilestones milestones, bool isTerminal = false) => new()
    {
        Output = Stream.Null,
        Error = TextWriter.Synchronized(_error),
        ErrorIsTerminal = isTerminal,
        Time = TimeProvider.System,
        Signals = _signals,
        Milestones = milestones,
        Directory = _directory.Path,
    };

    sealed class AtMilestone(Milestone at, Action action) : IMilestones
    {
        int _reached;

        public void Reached(Milestone milestone)
        {
            if (milestone == at && Interlocked.Exchange(ref _reached, 1) == 0) action();
        }
    }
}
