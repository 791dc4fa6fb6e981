using System.Collections.Immutable;
using Cdc.Cli;
using Cdc.Cli.Commands;
using Cdc.Cli.Flags;
using Cdc.Cli.Logging;
using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Embedded.State;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Cdc.Testing;
using Microsoft.Extensions.Logging;

namespace Cdc.EndToEnd.Tests.Commands;

/// <summary>What a changefeed has opened is closed, whatever goes wrong with a part of it.</summary>
public sealed class OpenChangefeedTests : IDisposable
{
    readonly TemporaryDirectory _root = new("cdc-open-");
    readonly List<Sink> _sinks = [];

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_part_that_fails_while_it_is_closed_leaves_no_other_open(bool failsSource, bool failsSink)
    {
        OpenChangefeed open = Open(failsSource, failsSink);
        open.ToParts();
        Assert.Throws<CdcException>(() => DirectoryStateStore.Open(_root.Path, "feed"));
        await Assert.ThrowsAsync<CdcException>(async () => await open.DisposeAsync());
        Assert.True(Assert.Single(_sinks).IsDisposed);
        await DirectoryStateStore.Open(_root.Path, "feed").DisposeAsync();
    }

    [Fact]
    public async Task The_last_of_several_sinks_is_the_one_that_is_closed()
    {
        OpenChangefeed open = Open(failsSource: false, failsSink: false);
        ISink another = open.ToParts().AnotherSink!();
        Assert.Same(_sinks[1], another);
        await open.DisposeAsync();
        Assert.Equal([false, true], _sinks.Select(static sink => sink.IsDisposed));
    }

    OpenChangefeed Open(bool failsSource, bool failsSink)
    {
        CliHost host = new()
        {
            Output = Stream.Null, Error = TextWriter.Null, Time = TimeProvider.System, Signals = new(),
        };
        Invocation call = new(Verb.Run, new(new(), ImmutableSortedDictionary<string, string>.Empty, []), GivenAddresses.None,
            new(new HashSet<string>(), null, null), host, new(host.Error, host.Time, LogLevel.None), new(host, json: false));
        return new(call, NewSink)
        {
            Name = "feed", Source = new Source(failsSource), Filter = ChangeFilter.PassAll, StateRoot = _root.Path,
            SpillDirectory = _root.File("spill"),
        };

        Sink NewSink()
        {
            _sinks.Add(new(failsSink));
            return _sinks[^1];
        }
    }

    static ValueTask Close(bool fails) => fails
        ? throw new CdcException(FailureKind.SourceUnreachable, "It can't be closed.")
        : ValueTask.CompletedTask;

    sealed class Sink(bool fails) : ISink
    {
        public bool IsDisposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return Close(fails);
        }

        public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken) =>
            throw NotUsed();
        public ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask FlushAsync(CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken) => throw NotUsed();
    }

    sealed class Source(bool fails) : ISource
    {
        public IReadOnlyList<string> LeftBehind => [];
        public SourceStatus Status => throw NotUsed();

        public ValueTask DisposeAsync() => Close(fails);

        public ValueTask<SourceFacts> InspectAsync(CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask<ISourceSnapshot> StartAsync(SchemaHistory history, CancellationToken cancellationToken) =>
            throw NotUsed();
        public ValueTask<ISourceSnapshot> SnapshotAsync(
            SchemaHistory history, IReadOnlyCollection<TableId> tables, CancellationToken cancellationToken) =>
            throw NotUsed();
        public IAsyncEnumerable<SourceEvent> StreamAsync(StreamStart start, CancellationToken cancellationToken) =>
            throw NotUsed();
        public void Confirm(CommitTs checkpoint) => throw NotUsed();
        public ValueTask SettleAsync(CancellationToken cancellationToken) => throw NotUsed();
        public ValueTask<CommitTs?> MarkAsync(CancellationToken cancellationToken) => throw NotUsed();
    }

    static NotSupportedException NotUsed() => new("Nothing but closing is tried here.");
}
