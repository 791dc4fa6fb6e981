using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>Something goes wrong at every step there is; a reader of the index still sees every row once.</summary>
public sealed class FileFaultTests
{
    static readonly CancellationToken Never = CancellationToken.None;
    const ulong CopyAt = 5;

    readonly Feed _feed = new();

    // AC-S9, INV-S5
    [Theory]
    [InlineData(Fault.Rejected, false)]
    [InlineData(Fault.AppliedButFailed, false)]
    [InlineData(Fault.DiskFull, false)]
    [InlineData(Fault.Killed, false)]
    [InlineData(Fault.Killed, true)]
    public async Task Whatever_step_fails_nothing_is_lost_and_nothing_doubled(Fault fault, bool gzip)
    {
        int steps = 0;
        bool failed = true;
        // Until a whole run ends before its faulty step: then every step has had its turn.
        for (; failed; steps++)
        {
            Run run = new(_feed, seed: 1, gzip);
            failed = await run.WithFaultAsync(fault, steps);
        }
        Assert.InRange(steps, 30, 500);
    }

    [Fact]
    public async Task Random_batches_rotations_and_crashes_leave_every_row_once()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            Random random = new(seed);
            Run run = new(_feed, seed, random.Next(4) == 0);
            try
            {
                for (int crash = random.Next(4); crash > 0; crash--)
                {
                    await run.CrashAsync((Fault)random.Next(4), random.Next(60));
                }
                await run.FinishAsync();
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}: {e}");
            }
        }
    }

    [Fact]
    public async Task A_failure_names_the_place_and_the_room_and_stays()
    {
        MemoryFileStore store = new();
        await using FileSink sink = new(TestFiles.Options(new ManualClock()), store);
        await sink.ClaimAsync(new("orders", Feed.Source, TableSpan.Everything, new(1, 1)), Never);
        store.FailAfter(0, Fault.DiskFull);
        await sink.WriteAsync(new[] { _feed.Batch(10) }, Never);
        await sink.ResolveAsync(Feed.Stamp(10), Never);
        CdcException first = await Assert.ThrowsAsync<CdcException>(async () => await sink.FlushAsync(Never));
        Assert.Equal(FailureKind.DiskFailed, first.Kind);
        Assert.Contains(store.Place, first.Message, StringComparison.Ordinal);
        Assert.Contains("1024 MiB free", first.Message, StringComparison.Ordinal);
        Assert.NotNull(first.Fix);
        store.Repair();
        Assert.Equal(first, await Assert.ThrowsAsync<CdcException>(async () => await sink.FlushAsync(Never)));
        Assert.Equal(first, await Assert.ThrowsAsync<CdcException>(
            async () => await sink.ResolveAsync(Feed.Stamp(20), Never)));
    }

    /// <summary>One table's copy and a stream, delivered by as many owners as it takes.</summary>
    sealed class Run
    {
        readonly MemoryFileStore _store = new();
        readonly ManualClock _clock = new();
        readonly List<Feed.Transaction> _transactions = [];
        readonly HashSet<ulong> _truncates = [];
        readonly Random _random;
        readonly Feed _feed;
        readonly FileSinkOptions _options;
        ulong _epoch;

        public Run(Feed feed, int seed, bool gzip)
        {
            (_feed, _random) = (feed, new(seed));
            _options = TestFiles.Options(_clock) with 
            {
                Gzip = gzip,
                RotateBytes = _random.Next(100, 2000),
                BytesInFlight = 4000,
                IndexReadMin = _random.Next(2) * 100,
            };
            ulong commit = 10;
            for (int i = 0; i < 12; i++)
            {
                commit += (ulong)_random.Next(1, 20);
                int rows = _random.Next(6) == 0 ? _random.Next(20, 60) : _random.Next(1, 5);
                _transactions.Add(new(commit, rows, _random.Next(3) == 0 ? Feed.Items : null));
                if (_random.Next(5) == 0) _truncates.Add(++commit);
            }
        }

        public async Task<bool> WithFaultAsync(Fault fault, int step)
        {
            bool failed = await CrashAsync(fault, step);
            await FinishAsync();
            return failed;
        }

        /// <summary>An owner that meets the fault, unless it is done before.</summary>
        public async Task<bool> CrashAsync(Fault fault, int step)
        {
            _store.FailAfter(step, fault);
            Heard heard = new();
            CommitTs resolved = default;
            FileSink sink = new(_options, _store);
            try
            {
                await DeliverAsync(sink, heard, at => resolved = at);
            }
            catch (CdcException e)
            {
                Assert.Equal(FailureKind.DiskFailed, e.Kind);
                Assert.True(_store.Failed);
            }
            await sink.DisposeAsync();
            bool failed = _store.Failed;
            _store.Repair();
            Assert.Equal(heard.Flushes.Order(), heard.Flushes);
            Assert.All(heard.Flushes, at => Assert.True(at <= resolved));
            SinkProgress? progress = await new FileSink(_options, _store).ProgressAsync(Never);
            Assert.All(heard.Flushes, at => Assert.True(at <= progress!.Position));
            return failed;
        }

        public async Task FinishAsync()
        {
            await using (FileSink sink = new(_options, _store)) await DeliverAsync(sink, new(), static _ => { });
            IReadOnlyList<string> lines = IndexReader.Lines(_store.Files);
            Assert.Equal(Expected(), lines.Where(static line => !line.Contains("copied", StringComparison.Ordinal)));
            string[] copied = [.. lines.Where(static line => line.Contains("copied", StringComparison.Ordinal))];
            Assert.Equal(4, copied.Length);
            Assert.Equal(4, copied.Distinct().Count());
            string[] named = [.. IndexReader.Entries(_store.Files).SelectMany(IndexReader.Names)];
            Assert.Equal(named.Order(StringComparer.Ordinal),
                _store.Files.Keys.Where(static name => name.StartsWith("data/", StringComparison.Ordinal)));
        }

        async Task DeliverAsync(FileSink sink, Heard heard, Action<CommitTs> resolving)
        {
            SinkProgress? progress = await sink.ClaimAsync(
                new("orders", Feed.Source, TableSpan.Everything, new(++_epoch, 1)), Never);
            if (!progress!.Copied.ContainsKey(Feed.Orders.Id)) await CopyAsync(sink);
            // A crash may have come between a transaction and the truncate after it.
            foreach (ulong commit in _truncates.Where(commit =>
                Feed.At(commit - 1) <= progress.Position && Feed.At(commit) > progress.Position))
            {
                await sink.ExecuteAsync(Feed.Truncate(commit), Never);
            }
            List<Feed.Transaction> run = [];
            foreach (Feed.Transaction transaction in _transactions.Where(t => Feed.At(t.Commit) > progress.Position))
            {
                run.Add(transaction);
                bool isLast = transaction == _transactions[^1];
                bool isTruncated = _truncates.Contains(transaction.Commit + 1);
                if (!isLast && !isTruncated && _random.Next(3) > 0) continue;
                await WriteAsync(sink, run, heard, resolving);
                run.Clear();
                if (_random.Next(4) == 0) _clock.Advance(TimeSpan.FromSeconds(3));
                if (_random.Next(4) == 0 || isTruncated) await sink.FlushAsync(Never);
                if (isTruncated) await sink.ExecuteAsync(Feed.Truncate(transaction.Commit + 1), Never);
            }
            await sink.FlushAsync(Never);
        }

        async Task CopyAsync(FileSink sink)
        {
            await using ITableCopy copy = await sink.CopyAsync(Feed.Orders, Feed.At(CopyAt), Never);
            foreach (RowBatch batch in _feed.Copied(Feed.Orders, CopyAt, 0, 2)) await copy.WriteAsync(0, batch, Never);
            foreach (RowBatch batch in _feed.Copied(Feed.Orders, CopyAt, 1, 2)) await copy.WriteAsync(1, batch, Never);
            await copy.CompleteAsync(Never);
        }

        async Task WriteAsync(
            FileSink sink, List<Feed.Transaction> transactions, Heard heard, Action<CommitTs> resolving)
        {
            int rows = transactions.Sum(static t => t.Rows);
            int[] cuts = [.. Enumerable.Range(0, _random.Next(6)).Select(_ => _random.Next(1, rows + 1))];
            List<RowBatch> batches = _feed.Batches(transactions, cuts);
            for (int i = 0; i < batches.Count; i++)
            {
                bool isWhole = i == batches.Count - 1 || batches[i + 1].FirstTs > batches[i].LastTs;
                CommitTs at = isWhole ? batches[i].LastTs : batches[i].LastTs.Previous;
                (CommitTs first, CommitTs last) = (batches[i].FirstTs, batches[i].LastTs);
                heard.Watch(batches[i]);
                await sink.WriteAsync(new[] { batches[i] }, Never);
                if (first < last && _random.Next(3) == 0)
                {
                    resolving(first);
                    await sink.ResolveAsync(Feed.Stamp(first), Never);
                    if (_random.Next(2) == 0) await sink.FlushAsync(Never);
                }
                if (i < batches.Count - 1 && _random.Next(2) == 0) continue;
                resolving(at);
                await sink.ResolveAsync(Feed.Stamp(at), Never);
            }
        }

        IEnumerable<string> Expected()
        {
            foreach (Feed.Transaction transaction in _transactions)
            {
                foreach (string line in transaction.Lines) yield return line;
                if (!_truncates.Contains(transaction.Commit + 1)) continue;
                TruncateEvent truncate = Feed.Truncate(transaction.Commit + 1);
                yield return LineEncoder.Line(truncate, Feed.Orders);
                yield return LineEncoder.Line(truncate, Feed.Items);
            }
        }
    }
}
