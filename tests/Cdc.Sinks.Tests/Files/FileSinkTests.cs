using System.Diagnostics;
using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>The contract of every sink, in a real directory.</summary>
public class FileSinkTests : SinkConformance, IDisposable
{
    private protected string Root { get; } = Path.Combine(Path.GetTempPath(), $"cdc-sinks-{Guid.NewGuid():N}");
    private protected ManualClock Clock { get; } = new();

    public void Dispose()
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected virtual FileSinkOptions Options => TestFiles.Options(Clock, Root);

    private protected override ISink Open() => new FileSink(Options);

    private protected override IReadOnlyList<string> Lines() => IndexReader.Lines(IndexReader.Load(Root));

    [Fact]
    public async Task What_was_not_flushed_is_gone_after_a_drop_and_what_was_flushed_stays()
    {
        await using (ISink first = await ClaimedAsync())
        {
            await WriteAsync(first, Feed.Batch(10));
            await first.ResolveAsync(Feed.Stamp(10), Never);
            await first.FlushAsync(Never);
            await WriteAsync(first, Feed.Batch(20));
            await first.ResolveAsync(Feed.Stamp(20), Never);
        }
        await using ISink second = Open();
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.NotNull(progress);
        Assert.Equal(Feed.At(10), progress.Position);
        Assert.Equal([Feed.Line(10, 0)], Lines());
        Assert.Equal([Feed.At(10)], Heard.Flushes);
    }

    [Fact]
    public async Task Only_the_owner_of_the_directory_may_read_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows inherits the rights of the folder above.");
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        const UnixFileMode Shared = (UnixFileMode)0b000_111_111;
        string[] paths = Directory.GetFileSystemEntries(Root, "*", SearchOption.AllDirectories);
        foreach (string path in paths.Append(Root))
        {
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Shared);
        }
    }

    // The line that the documentation gives to people.
    [Fact]
    public async Task One_line_of_shell_reads_everything_in_order()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a Unix shell.");
        await using ISink sink = await ClaimedAsync();
        for (ulong commit = 10; commit < 13; commit++)
        {
            await WriteAsync(sink, Feed.Batch(commit));
            await sink.ResolveAsync(Feed.Stamp(commit), Never);
            await sink.FlushAsync(Never);
        }
        const string Command = """find index -name '*.json' | sort | xargs grep -ho '"data/[^"]*"' | xargs gzip -cdf""";
        ProcessStartInfo start = new("sh", ["-c", Command]) { WorkingDirectory = Root, RedirectStandardOutput = true };
        using Process shell = Process.Start(start)!;
        string output = await shell.StandardOutput.ReadToEndAsync(Never);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(IndexReader.AllLines(IndexReader.Load(Root)), lines);
        Assert.NotEmpty(output);
    }

    [Fact]
    public async Task A_place_where_nothing_can_be_written_is_a_problem_and_looking_leaves_nothing()
    {
        Assert.Empty(await Open().InspectAsync(Never));
        Assert.False(Directory.Exists(Root));
        await File.WriteAllTextAsync(Root, "a file", Never);
        try
        {
            Assert.Equal(FailureKind.SinkUnfit, Assert.Single(await Open().InspectAsync(Never)).Kind);
        }
        finally
        {
            File.Delete(Root);
        }
    }

    [Fact]
    public async Task A_name_is_given_once_however_many_want_it()
    {
        LocalFileStore store = new(Root);
        await store.PrepareAsync(Never);
        bool[] made = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
            await store.PutIfAbsentAsync("index/1.json", new byte[] { (byte)i }, Never))));
        Assert.Single(made, static won => won);
        Assert.Equal(Array.IndexOf(made, true), Assert.Single((await store.ReadAsync("index/1.json", Never))!));
        Assert.Equal(["1.json"], await store.ListAsync("index", Never));
    }

    [Fact]
    public async Task Nothing_temporary_stays_after_a_clean_end()
    {
        await using (ISink sink = await ClaimedAsync())
        {
            await WriteAsync(sink, Feed.Batch(10));
            await sink.ResolveAsync(Feed.Stamp(10), Never);
            await sink.FlushAsync(Never);
            await WriteAsync(sink, Feed.Batch(20));
            await sink.ResolveAsync(Feed.Stamp(20), Never);
        }
        ICollection<string> names = [.. IndexReader.Load(Root).Keys];
        Assert.DoesNotContain(names, static name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }
}

/// <summary>The same, compressed, and in files of a few rows.</summary>
public sealed class CompressedFileSinkTests : FileSinkTests
{
    private protected override FileSinkOptions Options => base.Options with { Gzip = true, RotateBytes = 100 };

    [Fact]
    public async Task Compressed_files_say_so_in_their_names()
    {
        await using ISink sink = await ClaimedAsync();
        await WriteAsync(sink, Feed.Batch(10));
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        await sink.FlushAsync(Never);
        Assert.Single(Directory.GetFiles(Path.Combine(Root, "data"), "*.lines.gz"));
    }
}
