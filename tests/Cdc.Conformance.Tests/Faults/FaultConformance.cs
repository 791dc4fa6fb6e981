using System.Collections.Concurrent;
using Cdc.Embedded.Running;
using Cdc.Embedded.State;
using Cdc.Embedded.Tests.Running;
using Cdc.Engine.Demo;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Engine.State;
using Cdc.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>What every sink's output must be after any fault of the sink: that of a run without faults.</summary>
/// <remarks>A whole changefeed runs from the demo source, over copies, rows, truncates and changed shapes. Whatever
/// fails ends a run, and the next one goes on from what the first left.</remarks>
public abstract class FaultConformance
{
    const int RunsMax = 40;
    const string Source = "demo:?seed=5&transactions=400&rate=1000&accounts=50";

    static readonly CancellationToken Never = CancellationToken.None;
    static readonly ConcurrentDictionary<Type, Task<IReadOnlyList<string>>> s_expected = new();

    readonly MemoryStateStore _state = new();

    /// <summary>Opens the sink on a place of its own.</summary>
    private protected abstract ISink Open(string place);

    /// <summary>What a reader sees, in a form in which no order is left; empty if the sink keeps nothing.</summary>
    private protected abstract IReadOnlyList<string> Result(string place);

    /// <summary>Whether a row may come twice, at the same position, when a run failed: then the result has it
    /// once.</summary>
    private protected virtual bool Repeats => false;

    public static TheoryData<SinkCall, int, SinkFault, FailureKind> OneFault
    {
        get
        {
            TheoryData<SinkCall, int, SinkFault, FailureKind> faults = [];
            foreach (SinkFault fault in new[] { SinkFault.Reject, SinkFault.Applied })
            {
                faults.Add(SinkCall.Claim, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Copy, 2, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.CopyWrite, 1, fault, FailureKind.DiskFailed);
                faults.Add(SinkCall.CopyWrite, 2, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.CopyComplete, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.CopyComplete, 4, fault, FailureKind.DiskFailed);
                faults.Add(SinkCall.FinishCopies, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Write, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Write, 90, fault, FailureKind.TableStopped);
                faults.Add(SinkCall.Resolve, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Resolve, 120, fault, FailureKind.DiskFailed);
                faults.Add(SinkCall.Flush, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Flush, 3, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Execute, 1, fault, FailureKind.SinkUnreachable);
                faults.Add(SinkCall.Execute, 3, fault, FailureKind.TableStopped);
            }
            return faults;
        }
    }

    [Theory]
    [MemberData(nameof(OneFault))]
    public async Task One_fault_ends_a_run_and_the_next_leaves_every_row_once(
        SinkCall call, int nth, SinkFault fault, FailureKind kind)
    {
        List<FailureKind> failures = await RunAsync("one", [new(call, nth, fault, kind)]);
        Assert.Equal(kind, Assert.Single(failures));
        await MustBeWholeAsync("one");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Many_faults_in_a_row_leave_every_row_once(int seed)
    {
        Random random = new(seed);
        // A copy that never ends comes again in each run; the stream comes behind it. Of the copies that are left any
        // may end before another's second write, so only the first is sure to come.
        FaultStep[] steps =
        [
            .. Enumerable.Range(0, 4).Select(_ => Step([SinkCall.CopyWrite], 1)),
            .. Enumerable.Range(0, 12).Select(_ => Step([SinkCall.Claim, SinkCall.Write, SinkCall.Resolve], 12)),
        ];
        List<FailureKind> failures = await RunAsync("many", steps);
        Assert.NotEmpty(failures);
        await MustBeWholeAsync("many");

        FaultStep Step(SinkCall[] calls, int most)
        {
            SinkCall call = calls[random.Next(calls.Length)];
            return new(call, call is SinkCall.Claim ? 1 : 1 + random.Next(most),
                random.Next(2) == 0 ? SinkFault.Reject : SinkFault.Applied);
        }
    }

    [Fact]
    public async Task What_is_held_back_is_not_taken_for_durable()
    {
        FaultStep[] steps =
        [
            new(SinkCall.Write, 30, SinkFault.Hold), new(SinkCall.Flush, 1, SinkFault.Reject),
            new(SinkCall.Write, 5, SinkFault.Hold), new(SinkCall.Resolve, 20, SinkFault.Applied),
            new(SinkCall.Write, 40, SinkFault.Hold), new(SinkCall.Write, 9, SinkFault.Reject),
        ];
        Assert.Equal(3, (await RunAsync("held", steps)).Count);
        await MustBeWholeAsync("held");
    }

    [Fact]
    public async Task A_slow_sink_gets_everything_in_order()
    {
        Assert.Empty(await RunAsync("slow", [new(SinkCall.Claim, 1, SinkFault.Slow)]));
        await MustBeWholeAsync("slow");
    }

    [Theory]
    [InlineData(SinkCall.Copy, 3)]
    [InlineData(SinkCall.Write, 50)]
    [InlineData(SinkCall.Execute, 2)]
    public async Task A_run_that_is_cancelled_in_the_middle_of_a_call_is_gone_on_from(SinkCall call, int nth)
    {
        using CancellationTokenSource stop = new();
        RunResult stopped = await OneRunAsync("stop", new([new(call, nth, SinkFault.Slow)]), stop);
        Assert.False(stopped.ReachedUntil);
        Assert.Empty(await RunAsync("stop", []));
        await MustBeWholeAsync("stop");
    }

    [Theory]
    [InlineData(SinkFault.Reject)]
    [InlineData(SinkFault.Applied)]
    public async Task Another_sink_goes_on_in_the_same_run_and_leaves_every_row_once(SinkFault fault)
    {
        FaultScript script = new(
        [
            Interrupted(SinkCall.Write, 5), Interrupted(SinkCall.Resolve, 40), Interrupted(SinkCall.Claim, 1),
            Interrupted(SinkCall.Flush, 1), Interrupted(SinkCall.Execute, 2), Interrupted(SinkCall.Write, 90),
            Interrupted(SinkCall.Flush, 1),
        ]);
        int sinks = 0;
        FaultySink sink = Another();
        try
        {
            Assert.True((await RunAsync(sink, _state, Never, () => sink = Another())).ReachedUntil);
        }
        finally
        {
            await sink.DisposeAsync();
        }
        Assert.Equal((0, 8), (script.Left, sinks));
        await MustBeWholeAsync("another");

        // One that claims is away, and not interrupted.
        FaultStep Interrupted(SinkCall call, int nth) => new(call, nth, fault,
            call is SinkCall.Claim ? FailureKind.SinkUnreachable : FailureKind.SinkInterrupted);

        FaultySink Another()
        {
            sinks++;
            return new(Open("another"), script);
        }
    }

    async Task<List<FailureKind>> RunAsync(string place, IEnumerable<FaultStep> steps)
    {
        FaultScript script = new(steps);
        List<FailureKind> failures = [];
        while (true)
        {
            Assert.True(failures.Count < RunsMax, $"{RunsMax} runs, and {script.Left} faults are left.");
            try
            {
                RunResult result = await OneRunAsync(place, script, null);
                Assert.True(result.ReachedUntil);
                Assert.Equal(0, script.Left);
                return failures;
            }
            catch (CdcException failure)
            {
                failures.Add(failure.Kind);
            }
        }
    }

    async Task<RunResult> OneRunAsync(string place, FaultScript script, CancellationTokenSource? stop)
    {
        await using FaultySink sink = new(Open(place), script) { Slowed = () => stop?.Cancel() };
        try
        {
            return await RunAsync(sink, _state, stop?.Token ?? Never);
        }
        finally
        {
            ChangefeedState? state = await _state.LoadAsync(Never);
            if (sink.FirstUnflushed is { } first && state is not null)
                Assert.True(state.Checkpoint < first, $"The checkpoint {state.Checkpoint} has passed {first}.");
        }
    }

    static async Task<RunResult> RunAsync(
        ISink sink, IStateStore state, CancellationToken cancellationToken, Func<ISink>? another = null)
    {
        RowBlockPool rows = new();
        await using DemoSource source = new(
            DemoOptions.Parse(Source), TableSelection.Everything, rows, new StandingTime());
        using ChangefeedRunner runner = new(new()
        {
            Name = "orders", Source = source, Sink = sink, AnotherSink = another, State = state,
            Filter = ChangeFilter.Parse([], [], rows), Until = StopPoint.Parse("now"), Time = new HastyTime(), Loggers = NullLoggerFactory.Instance,
        });
        return await runner.RunAsync(cancellationToken);
    }

    async Task MustBeWholeAsync(string place)
    {
        IReadOnlyList<string> expected = await s_expected.GetOrAdd(GetType(), _ => WithoutFaultsAsync());
        IReadOnlyList<string> found = Result(place);
        if (Repeats) found = [.. found.Distinct()];
        string[] missing = [.. expected.Except(found).Take(3)];
        Assert.True(missing.Length == 0, $"Missing: {string.Join(" | ", missing)}");
        Assert.Equal(expected, found);
    }

    async Task<IReadOnlyList<string>> WithoutFaultsAsync()
    {
        const string Whole = "whole";
        await using (ISink sink = Open(Whole))
            Assert.True((await RunAsync(sink, new MemoryStateStore(), Never)).ReachedUntil);
        return Result(Whole);
    }
}
