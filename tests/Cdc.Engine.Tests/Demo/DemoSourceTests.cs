using Cdc.Engine.Demo;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Engine.Tests.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Demo;

public sealed class DemoSourceTests
{
    const string Address = "demo:?seed=7&transactions=3000&accounts=50";

    readonly RowBlockPool _pool = new();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_seed_gives_the_same_bytes_and_positions()
    {
        DemoRun first = await DemoRun.ReadAsync(Address);
        DemoRun second = await DemoRun.ReadAsync(Address);
        Assert.Equal(first.Changes, second.Changes);
        DemoRun other = await DemoRun.ReadAsync(Address.Replace("seed=7", "seed=8"));
        Assert.NotEqual(first.Checksum(), other.Checksum());
    }

    [Fact]
    public async Task The_log_is_what_it_was_in_every_earlier_version() =>
        Assert.Equal(2423212662u, (await DemoRun.ReadAsync(Address)).Checksum());

    [Fact]
    public async Task The_log_has_everything_that_it_promises()
    {
        List<string> changes = [.. (await DemoRun.ReadAsync("demo:?transactions=5000")).Changes
            .Select(static c => c.Change)];
        string[] wanted =
        [
            "demo.accounts(id,owner,balance) Update", "demo.ledger(",
                "demo.orders(id,customer,status,total,lines,placed) Insert",
            "orders(id,customer,status,total,lines,placed,extra_1) Update", "placed) Delete", "KeyChanged",
                "HasUnchanged",
            "demo.wide(", "truncate demo.scratch", ".0002 ",
        ];
        foreach (string one in wanted) Assert.Contains(changes, change => change.Contains(one));
        Assert.Contains(changes, static change => change.Contains(" 5000 demo.") || change.Contains(" 1500 demo."));
    }

    [Fact]
    public async Task A_stream_from_any_position_is_the_rest_of_the_whole()
    {
        SchemaHistory history = new([]);
        DemoRun whole = await DemoRun.ReadAsync(Address, history: history);
        Random random = new(1);
        List<CommitTs> places =
            [.. Enumerable.Range(0, 12).Select(_ => whole.Changes[random.Next(whole.Changes.Count)].At)];
        places.AddRange(whole.Changes.Where(static c => c.At.Step == 1).Take(3).Select(static c => c.At));
        places.AddRange(places.ToList().Select(static place => CommitTs.End(place.Commit)));
        foreach (CommitTs place in places.Where(place => place < whole.End))
        {
            SchemaHistory restarted = new(history.Pending());
            DemoRun rest = await DemoRun.ReadAsync(Address, place, restarted);
            Assert.Equal(whole.Changes.Where(change => change.At > place), rest.Changes);
            Assert.Empty(restarted.Pending());
        }
    }

    [Fact]
    public async Task The_sum_of_all_balances_never_changes()
    {
        Dictionary<string, long> balances = [];
        DemoSource source = Open(Address);
        await using ISourceSnapshot snapshot = await source.StartAsync(new([]), Stop);
        foreach (SnapshotTable table in snapshot.Tables)
        {
            for (int part = 0; part < table.Parts; part++)
            {
                await foreach (RowBatch batch in snapshot.ReadAsync(table, part, Stop))
                {
                    foreach (PlainRow row in PlainRow.Of([batch])) balances.Add(row.New[0]!, long.Parse(row.New[2]!));
                    Assert.True(batch.LastTs <= snapshot.At);
                    batch.Release();
                }
            }
        }
        Assert.Equal(50, balances.Count);
        long sum = balances.Values.Sum();

        int sums = 0;
        foreach (var transaction in (await DemoRun.ReadAsync(Address)).Changes
            .GroupBy(static change => change.At.Commit))
        {
            foreach (string change in transaction.Select(static c => c.Change)
                .Where(static c => c.Contains(" demo.accounts(")))
            {
                string[] cells = change[(change.IndexOf("-> ", StringComparison.Ordinal) + 3)..].Split('|');
                Assert.True(balances.ContainsKey(cells[0]));
                balances[cells[0]] = long.Parse(cells[2]);
            }
            Assert.Equal(sum, balances.Values.Sum());
            sums++;
        }
        Assert.True(sums > 2500);
        Assert.Equal(0, _pool.BytesOut);
    }

    [Fact]
    public async Task Leaving_out_tables_moves_nothing()
    {
        DemoRun whole = await DemoRun.ReadAsync(Address);
        TableSelection selection = new([TablePattern.Parse("demo.l*"), TablePattern.Parse("demo.scratch")], []);
        DemoRun part = await DemoRun.ReadAsync(Address, selection: selection);
        Assert.Equal(whole.End, part.End);
        IEnumerable<(CommitTs, string)> expected = whole.Changes
            .Where(static c => c.Change.Contains(" demo.ledger") || c.Change.Contains(" demo.scratch"))
            .Select(static c => (c.At, WithoutSequence(c.Change)));
        Assert.Equal(expected, part.Changes.Select(static c => (c.At, WithoutSequence(c.Change))));
    }

    [Fact]
    public async Task A_stream_that_is_left_in_the_middle_gives_all_memory_back()
    {
        DemoSource source = Open("demo:?transactions=0");
        int seen = 0;
        await foreach (SourceEvent next in source.StreamAsync(Start(), Stop))
        {
            if (next is SourceEvent.Rows rows) rows.Batch.Release();
            if (++seen == 100) break;
        }
        Assert.Equal(0, _pool.BytesOut);
        Assert.True(source.Status.Received > DemoLog.Opening);
    }

    [Fact]
    public async Task A_stream_at_its_end_waits_until_it_is_cancelled()
    {
        DemoSource source = Open("demo:?transactions=5");
        using CancellationTokenSource cancel = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (SourceEvent next in source.StreamAsync(Start(), cancel.Token))
            {
                if (next is SourceEvent.Rows rows) rows.Batch.Release();
                else if (next is SourceEvent.Resolved) cancel.Cancel();
            }
        });
    }

    [Fact]
    public async Task It_says_what_it_has_before_anything_is_begun()
    {
        SourceFacts facts = await Open(Address).InspectAsync(Stop);
        Assert.Equal(PositionState.NotNeeded, facts.Position.State);
        Assert.Equal(["accounts", "ledger", "orders", "wide", "scratch"], facts.Tables.Select(static t => t.Name.Name));
        Assert.NotEqual(facts.Identity, (await Open("demo:?seed=8&accounts=50").InspectAsync(Stop)).Identity);
        Assert.Equal(facts.Identity, (await Open("demo:?seed=7&accounts=50&rate=9").InspectAsync(Stop)).Identity);
    }

    [Fact]
    public void The_average_rate_is_the_one_asked_for()
    {
        StillTime time = new();
        DemoPace pace = new(rate: 1000, time);
        for (int made = 0; made < 5000; made++) time.Advance(pace.Next());
        Assert.InRange(time.Elapsed.TotalSeconds, 4.98, 5.0);
        Assert.Equal(TimeSpan.Zero, new DemoPace(rate: 0, time).Next());
    }

    [Theory]
    [InlineData("demo", 1UL, 1000L, 0, 1000)]
    [InlineData("demo:", 1UL, 1000L, 0, 1000)]
    [InlineData("demo:?seed=5&transactions=0&rate=10&accounts=2", 5UL, 0L, 10, 2)]
    public void An_address_says_what_is_made(string address, ulong seed, long transactions, int rate, int accounts) =>
        Assert.Equal(new(seed, transactions, rate, accounts), DemoOptions.Parse(address));

    [Theory]
    [InlineData("postgres://x", "postgres://x")]
    [InlineData("demo:?sed=5", "'sed' is none of seed, transactions, rate, accounts")]
    [InlineData("demo:?seed", "'seed' has no value")]
    [InlineData("demo:?seed=-1", "'seed=-1'")]
    [InlineData("demo:?accounts=1", "a number from 2")]
    public void An_address_that_is_wrong_is_refused_with_what_is_right(string address, string said) =>
        Assert.Contains(said, Assert.Throws<FormatException>(() => DemoOptions.Parse(address)).Message);

    static StreamStart Start() => new(default, default, new([]), new Dictionary<TableId, CommitTs>());

    static string WithoutSequence(string change) =>
        System.Text.RegularExpressions.Regex.Replace(change, @" \d+ demo\.", " demo.");

    DemoSource Open(string address) =>
        new(DemoOptions.Parse(address), TableSelection.Everything, _pool, TimeProvider.System);

    sealed class StillTime : TimeProvider
    {
        public TimeSpan Elapsed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => Elapsed += by;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
