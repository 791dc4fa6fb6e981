using Cdc.Conformance.Tests.Faults;
using Cdc.Engine.Demo;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Source;

/// <summary>What every source owes its reader, whatever it reads.</summary>
public abstract class SourceConformance
{
    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Opens the source on the same log each time.</summary>
    private protected abstract ValueTask<ISource> OpenAsync();

    /// <summary>Commits several transactions, some with a TRUNCATE or a changed shape; none if the log has
    /// them.</summary>
    private protected abstract Task CommitAsync();

    [Fact]
    public async Task Positions_rise_and_a_resolved_one_covers_all_before_it()
    {
        await using ISource source = await OpenAsync();
        (SchemaHistory history, CommitTs at) = await StartAsync(source);
        (CommitTs last, CommitTs resolved, int rows) = (at, at, 0);
        await foreach (SourceEvent next in ToNowAsync(source, history, at, at))
        {
            switch (next)
            {
                case SourceEvent.Rows { Batch: var batch }:
                    Assert.True(batch.FirstTs > resolved && batch.FirstTs >= last);
                    Assert.True(batch.LastTs >= batch.FirstTs);
                    (last, rows) = (batch.LastTs, rows + batch.Count);
                    break;
                case SourceEvent.Block { Change: var change }:
                    Assert.True(change.Block.Id.At > last);
                    last = change.Block.Id.At;
                    break;
                case SourceEvent.Resolved { At: var covered }:
                    Assert.True(covered >= last && covered >= resolved);
                    resolved = last = covered;
                    break;
            }
        }
        Assert.True(rows > 10);
    }

    [Fact]
    public async Task A_stream_from_any_position_is_the_rest_of_the_whole_however_often_it_is_read()
    {
        List<(CommitTs At, string Text)> whole = [];
        List<CommitTs> positions = [];
        SchemaHistory history;
        CommitTs at;
        await using (ISource source = await OpenAsync())
        {
            (history, at) = await StartAsync(source);
            await foreach (SourceEvent next in ToNowAsync(source, history, at, at))
            {
                whole.AddRange(Texts(next));
                if (next is SourceEvent.Resolved resolved) positions.Add(resolved.At);
            }
        }
        // Inside a transaction too: before what comes at its last step.
        positions.AddRange(whole.Where(static e => e.At.Step > 0).Select(static e => e.At.Previous));
        Assert.Contains(positions, static position => position.Step is > 0 and < 100);
        foreach (CommitTs position in positions.Distinct().Order().Where((_, i) => i % 3 == 0).Append(at))
        {
            await using ISource again = await OpenAsync();
            List<(CommitTs, string)> rest = [];
            await foreach (SourceEvent next in ToNowAsync(again, history, at, position)) rest.AddRange(Texts(next));
            Assert.Equal(whole.Where(e => e.At > position), rest);
        }
    }

    [Fact]
    public async Task What_a_copy_holds_does_not_come_again_for_that_table()
    {
        await using ISource source = await OpenAsync();
        (SchemaHistory history, CommitTs at) = await StartAsync(source);
        List<(CommitTs At, TableId Table)> all = [];
        await foreach (SourceEvent next in ToNowAsync(source, history, at, at)) Collect(next, all);
        (CommitTs copied, TableId table) = all[all.Count / 2];
        List<(CommitTs At, TableId Table)> left = [];
        await foreach (SourceEvent next in ToNowAsync(source, history, at, at, new() { [table] = copied }))
            Collect(next, left);
        Assert.Equal(all.Where(row => row.Table != table || row.At > copied), left);
        Assert.True(left.Count < all.Count);

        static void Collect(SourceEvent next, List<(CommitTs, TableId)> rows)
        {
            if (next is not SourceEvent.Rows { Batch: var batch }) return;
            foreach (Row row in batch) rows.Add((row.Stamp.Ts, batch.Schema.Id));
        }
    }

    [Fact]
    public async Task A_cancelled_stream_ends()
    {
        await using ISource source = await OpenAsync();
        (SchemaHistory history, CommitTs at) = await StartAsync(source);
        using CancellationTokenSource cancel = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            StreamStart start = new(at, at, history, new Dictionary<TableId, CommitTs>());
            await foreach (SourceEvent next in source.StreamAsync(start, cancel.Token))
            {
                if (next is SourceEvent.Rows rows) rows.Batch.Release();
                await cancel.CancelAsync();
            }
        });
    }

    async Task<(SchemaHistory History, CommitTs At)> StartAsync(ISource source)
    {
        SchemaHistory history = new([]);
        CommitTs at;
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, Stop)) at = snapshot.At;
        await CommitAsync();
        return (history, at);
    }

    static async IAsyncEnumerable<SourceEvent> ToNowAsync(ISource source, SchemaHistory history, CommitTs from,
        CommitTs after, Dictionary<TableId, CommitTs>? copied = null)
    {
        CommitTs mark = (await source.MarkAsync(Stop))!.Value;
        await foreach (SourceEvent next in source.StreamAsync(new(from, after, history, copied ?? []), Stop))
        {
            yield return next;
            if (next is SourceEvent.Rows rows) rows.Batch.Release();
            if (next is SourceEvent.Resolved resolved && resolved.At >= mark) break;
        }
    }

    static IEnumerable<(CommitTs At, string Text)> Texts(SourceEvent next)
    {
        List<(CommitTs, string)> texts = [];
        if (next is SourceEvent.Block { Change: var change })
            texts.Add((change.Block.Id.At, change.GetType().Name));
        if (next is not SourceEvent.Rows { Batch: var batch }) return texts;
        foreach (Row row in batch)
        {
            string cells = string.Join(",", ReadRows.Cells(row.Keyed));
            texts.Add((row.Stamp.Ts, $"{row.Sequence} {batch.Schema.Name} {row.Op} {cells}"));
        }
        return texts;
    }
}

/// <summary>The demo.</summary>
public sealed class DemoConformance : SourceConformance
{
    private protected override ValueTask<ISource> OpenAsync() => new(new DemoSource(
        DemoOptions.Parse("demo:?seed=5&transactions=200&rate=1000&accounts=20"), TableSelection.Everything, new(),
        new StandingTime()));

    private protected override Task CommitAsync() => Task.CompletedTask;
}

/// <summary>A PostgreSQL server.</summary>
public sealed class PostgresConformance(SourceFixture fixture) : SourceConformance, IClassFixture<SourceFixture>
{
    string? _database;

    private protected override async ValueTask<ISource> OpenAsync()
    {
        _database ??= await fixture.DatabaseAsync("""
            CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY);
            INSERT INTO a VALUES (1, 'before')
            """);
        return fixture.Source(_database, _database);
    }

    private protected override async Task CommitAsync()
    {
        for (int i = 1; i <= 8; i++)
        {
            await fixture.Cluster.ExecuteAsync($"""
                BEGIN; INSERT INTO a VALUES ({10 * i}, 'x'), ({10 * i + 1}, 'y'); UPDATE a SET v = 'z{i}' WHERE id = 1;
                INSERT INTO b SELECT {10 * i} + g FROM generate_series(1, 3) g;
                {(i % 3 == 0 ? "TRUNCATE b; INSERT INTO b VALUES (1);" : "")}
                {(i % 4 == 0 ? $"ALTER TABLE a ADD c{i} int; UPDATE a SET c{i} = 1 WHERE id = 1;" : "")}
                DELETE FROM a WHERE id = {10 * i}; COMMIT
                """, _database!);
        }
    }
}
