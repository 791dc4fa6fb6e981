using Cdc.Embedded.Running;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Embedded.Tests.Running;

public sealed class RunEndTests
{
    static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    static readonly long At = Noon.ToUnixTimeMilliseconds() * 1000;
    static readonly CommitTs Mark = CommitTs.End(205);

    readonly ScriptedSource _source = new(new Journal());
    CommitTs _received;

    [Fact]
    public async Task A_clock_that_passed_the_time_ends_nothing_before_a_mark_written_since_then_comes()
    {
        RunEnd end = End(new StopPoint.Time(Noon));
        using CancellationTokenSource ended = Stop();
        Task marking = end.MarkAsync(ended);
        Assert.False(IsReached(end, CommitTs.End(150), At - 1));
        Assert.False(marking.IsCompleted);
        // A keepalive: decoding lags, and what was committed before noon may still come.
        Assert.False(IsReached(end, CommitTs.End(151), At));
        await marking;
        Assert.False(IsReached(end, CommitTs.End(204), At + 5));
        Assert.True(IsReached(end, Mark, At + 6));
        Assert.False(ended.IsCancellationRequested);
    }

    [Fact]
    public void A_change_committed_at_the_time_or_later_ends_it()
    {
        RunEnd end = End(new StopPoint.Time(Noon));
        end.See(Change(160, At - 1));
        Assert.False(IsReached(end, CommitTs.End(160), At - 1));
        end.See(Change(161, At));
        Assert.True(IsReached(end, CommitTs.End(161), At));
    }

    [Fact]
    public void A_time_between_two_milliseconds_is_not_cut()
    {
        RunEnd end = End(new StopPoint.Time(Noon.AddTicks(7 * TimeSpan.TicksPerMicrosecond)));
        end.See(Change(160, At + 6));
        Assert.False(IsReached(end, CommitTs.End(160), At + 6));
    }

    [Fact]
    public async Task A_mark_is_asked_for_again_when_the_source_could_not_be_reached_just_then()
    {
        _source.MarksLost = 2;
        RunEnd end = End(new StopPoint.Now());
        using CancellationTokenSource ended = Stop();
        await end.MarkAsync(ended);
        Assert.True(IsReached(end, Mark, 0));
    }

    [Fact]
    public async Task A_mark_that_the_idle_stream_has_passed_already_ends_it()
    {
        _received = Mark;
        RunEnd end = End(new StopPoint.Now());
        using CancellationTokenSource ended = Stop();
        await end.MarkAsync(ended);
        Assert.True(end.IsSettled);
        Assert.True(ended.IsCancellationRequested);
    }

    bool IsReached(RunEnd end, CommitTs at, long time)
    {
        _received = at;
        return end.IsReached(new SourceEvent.Resolved(at, time));
    }

    static CancellationTokenSource Stop() =>
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    static SourceEvent.Rows Change(ulong commit, long time)
    {
        RowWriter writer = new(new RowBlockPool());
        writer.Begin(new(new(commit, 0), time, 1));
        writer.StartRow(
            new() { Id = new(1), Name = new("shop", "t"), Columns = [new("id", new(TypeKind.Int64, "int8"), true)] }, Op.Insert);
        writer.Value("1"u8);
        writer.EndRow();
        writer.Close();
        writer.Seal();
        return new(Assert.Single(writer.Completed));
    }

    RunEnd End(StopPoint until) => new(
        new()
        {
            Name = "feed", Source = _source, Sink = new JournalSink(new()), State = new JournalState(new()),
            Filter = ChangeFilter.PassAll, Until = until, Time = new HastyTime(), Loggers = NullLoggerFactory.Instance,
        },
        () => _received);
}
