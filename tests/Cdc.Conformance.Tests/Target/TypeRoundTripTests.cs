using Cdc.Conformance.Tests.Source;
using Cdc.Embedded.Running;
using Cdc.Embedded.State;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.State;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Npgsql;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Every type of a stock server goes from one database to another and is there to the letter.</summary>
public sealed class TypeRoundTripTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task Values_of_every_type_are_the_same_in_the_target_whatever_both_are_set_to()
    {
        const string source = "types_source";
        const string target = "types_target";
        foreach (string database in new[] { source, target })
        {
            await fixture.Cluster.CreateDifferentDatabaseAsync(database);
            await fixture.Cluster.ExecuteAsync(TypeTables.Both, database);
        }
        // The test's own client can't tell where its statements end otherwise.
        await fixture.Cluster.ExecuteAsync($"ALTER DATABASE {source} SET standard_conforming_strings = on");
        TypeTables tables = new(seed: 1);
        await tables.MakeAsync(statement => TryAsync(statement, source));
        await ExecuteAsync(string.Join("; ", tables.Before()), source);
        MemoryStateStore state = new();
        await RunAsync(source, target, state);
        await MustBeEqualAsync(tables, source, target);
        foreach (string[] transactions in tables.After().Chunk(50))
            await ExecuteAsync(string.Join("; COMMIT; BEGIN; ", transactions), source);
        await RunAsync(source, target, state);
        await MustBeEqualAsync(tables, source, target);
    }

    async Task RunAsync(string from, string to, IStateStore state)
    {
        await using PostgresSource source = fixture.Source(from, from);
        await using PostgresSink sink = new(new()
        {
            Address = PostgresAddress.Parse(fixture.Cluster.UrlFor(to)), Name = from,
        });
        using ChangefeedRunner runner = new(new()
        {
            Name = from, Source = source, Sink = sink, State = state, Filter = ChangeFilter.Parse([], [], new()),
            Until = StopPoint.Parse("now"), Time = TimeProvider.System, Loggers = new TestLog(),
        });
        Assert.True((await runner.RunAsync(Never)).ReachedUntil);
    }

    async Task MustBeEqualAsync(TypeTables tables, string source, string target)
    {
        List<string> wrong = [];
        foreach (string table in tables.Names)
        {
            string columns = table == "types.every"
                ? $"id, {string.Join(", ", TypeTables.Types.Select(static (_, i) => $"c{i}::text"))}"
                : "*";
            string query = $"{TypeTables.Pinned} SELECT {columns} FROM {table} t ORDER BY t::text COLLATE \"C\"";
            var there = await fixture.Cluster.QueryAsync(query, source);
            var here = await fixture.Cluster.QueryAsync(query, target);
            if (there.Count != here.Count) wrong.Add($"{table}: {there.Count} rows, and {here.Count} in the target");
            Assert.True(there.Count > 0, $"{table} is empty and proves nothing.");
            foreach ((IReadOnlyList<string?> one, IReadOnlyList<string?> other) in there.Zip(here))
            {
                wrong.AddRange(one.Zip(other).Select((pair, i) => (pair.First, pair.Second, i))
                    .Where(static cell => cell.First != cell.Second)
                    .Select(cell => $"{table} column {cell.i}: {cell.First ?? "NULL"} is {cell.Second ?? "NULL"}"));
            }
        }
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    Task ExecuteAsync(string statement, string database) =>
        fixture.Cluster.ExecuteAsync($"{TypeTables.Pinned} BEGIN; {statement}; COMMIT", database);

    async Task<bool> TryAsync(string statement, string database)
    {
        try
        {
            await ExecuteAsync(statement, database);
            return true;
        }
        catch (PostgresException refused) when (refused.SqlState is "42704" or "42883" or "0A000")
        {
            return false;
        }
    }
}
