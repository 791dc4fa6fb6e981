using System.IO.Pipes;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Sinks.Stdout;
using Microsoft.Win32.SafeHandles;

namespace Cdc.Sinks.Tests.Stdout;

public sealed class StdoutSinkTests : SinkConformance
{
    readonly MemoryStream _output = new();
    readonly ManualClock _clock = new();

    private protected override ISink Open() => new StdoutSink(static () => new LineEncoder(), _clock, _output);

    private protected override IReadOnlyList<string> Lines() =>
        [.. AllLines().Where(static line => !line.StartsWith(LineEncoder.Checkpoint, StringComparison.Ordinal))];

    string[] AllLines() =>
        Encoding.UTF8.GetString(_output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public async Task Checkpoints_come_at_most_once_a_second_and_last()
    {
        await using ISink sink = Open();
        for (ulong commit = 1; commit <= 30; commit++)
        {
            await WriteAsync(sink, Feed.Batch(commit));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }
        await sink.FlushAsync(Never);
        string[] checkpoints =
            [.. AllLines().Where(static line => line.StartsWith(LineEncoder.Checkpoint, StringComparison.Ordinal))];
        ulong[] expected = [1, 11, 21, 30];
        Assert.Equal(expected.Select(static commit => $"checkpoint {Feed.At(commit)}"), checkpoints);
        Assert.Equal(checkpoints[^1], AllLines()[^1]);
    }

    [Fact]
    public async Task A_reader_that_goes_away_is_noticed_and_nothing_more_is_acknowledged()
    {
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        // As the process's own standard output is opened: a plain file over the descriptor.
        using SafeFileHandle end = new(reader.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        await using FileStream pipe = new(end, FileAccess.Write, bufferSize: 0);
        await using StdoutSink sink = new(static () => new LineEncoder(), _clock, pipe);
        await WriteAsync(sink, Feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        reader.Dispose();
        await WriteAsync(sink, Feed.Batch(20));
        CdcException closed = await Assert.ThrowsAsync<CdcException>(
            async () => await sink.ResolveAsync(Feed.Stamp(20), Never));
        Assert.Equal(FailureKind.SinkClosed, closed.Kind);
        Assert.Equal([Feed.At(10)], Heard.Flushes);
        await Assert.ThrowsAsync<CdcException>(async () => await sink.WriteAsync(new[] { Feed.Batch(30) }, Never));
    }

    [Fact]
    public async Task A_reader_that_stands_still_does_not_keep_a_stop_from_ending()
    {
        using StuckStream stuck = new();
        await using StdoutSink sink = new(static () => new LineEncoder(), _clock, stuck);
        await WriteAsync(sink, Feed.Batch(10));
        using CancellationTokenSource stop = new();
        ValueTask waiting = sink.ResolveAsync(Feed.Stamp(10), stop.Token);
        await stuck.Entered;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        Assert.Empty(Heard.Flushes);
    }

    [Fact]
    public async Task A_copy_that_was_broken_off_leaves_the_output_fit_for_the_next_attempt()
    {
        using StuckStream stuck = new();
        await using StdoutSink sink = new(static () => new LineEncoder(), _clock, stuck);
        await using ITableCopy copy = await sink.CopyAsync(Feed.Orders, Feed.At(10), Never);
        using CancellationTokenSource stop = new();
        await copy.WriteAsync(0, Feed.Batch(10), stop.Token);
        await stuck.Entered;
        ValueTask[] waiting = [.. Enumerable.Range(0, 10).Select(_ => copy.WriteAsync(0, Feed.Batch(10), stop.Token))];
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting[^1]);
        // Another table's connection was lost, and all that was not complete is copied again.
        await using ITableCopy again = await sink.CopyAsync(Feed.Orders, Feed.At(11), Never);
    }

    [Fact]
    public void Whoever_writes_next_to_a_redirected_output_follows_our_rows()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a Unix descriptor.");
        string path = Path.GetTempFileName();
        try
        {
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                // As a shell hands one descriptor to one command after the other.
                int descriptor = (int)file.DangerousGetHandle();
                using (DescriptorStream first = new(descriptor)) first.Write("first\n"u8);
                using (DescriptorStream second = new(descriptor)) second.Write("second\n"u8);
            }
            Assert.Equal("first\nsecond\n", File.ReadAllText(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_full_disk_behind_the_output_is_not_a_reader_that_went_away()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /dev/full.");
        await using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        await using StdoutSink sink = new(static () => new LineEncoder(), _clock, full);
        await WriteAsync(sink, Feed.Batch(10));
        CdcException failed = await Assert.ThrowsAsync<CdcException>(
            async () => await sink.ResolveAsync(Feed.Stamp(10), Never));
        Assert.Equal(FailureKind.DiskFailed, failed.Kind);
        Assert.Empty(Heard.Flushes);
    }

    sealed class StuckStream : MemoryStream
    {
        readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource _never = new();

        public Task Entered => _entered.Task;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            _entered.TrySetResult();
            await _never.Task;
        }
    }
}
