using Cdc.Conformance.Tests.Source;
using Cdc.Embedded.Running;
using Cdc.Embedded.State;
using Cdc.Embedded.Tests.Running;
using Cdc.Engine;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Npgsql;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Connections lost while a step is written that is larger than a batch: one run goes on by itself, and both
/// databases are equal in the end.</summary>
public sealed class InterruptedStepTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const int Cuts = 3;

    static readonly CancellationToken Never = CancellationToken.None;

    readonly MemoryStateStore _state = new();
    readonly TestLog _log = new();
    string _source = "";
    string _target = "";
    int _sinks;

    [Fact]
    public async Task A_connection_lost_in_the_middle_of_a_large_step_neither_ends_the_run_nor_doubles_a_row()
    {
        await CopyAsync();
        await WriteLargeAsync();
        await using NpgsqlConnection user = await fixture.Cluster.OpenAsync(_target);
        await using NpgsqlTransaction holding = await user.BeginTransactionAsync(Never);
        await using (NpgsqlCommand hold = new("LOCK TABLE b", user, holding)) await hold.ExecuteNonQueryAsync(Never);
        Task run = RunAsync();
        // Rows of a are written and not committed by then: those of b, which come behind them, wait.
        for (int cut = 0; cut < Cuts; cut++) await CutAsync("AND wait_event_type = 'Lock'", run);
        await holding.RollbackAsync(Never);
        await run;
        Assert.Equal(1 + 1 + Cuts, _sinks);
        await MustBeEqualAsync();
    }

    [Fact]
    public async Task A_connection_lost_at_the_commit_of_a_large_step_neither_ends_the_run_nor_doubles_a_row()
    {
        await CopyAsync();
        await WriteLargeAsync();
        CuttingMilestones milestones = new(Cuts, () => CutAsync("", Task.CompletedTask));
        await RunAsync(milestones);
        Assert.Equal(1 + 1 + Cuts, _sinks);
        await MustBeEqualAsync();
    }

    async Task CopyAsync()
    {
        // One without a key, so that a row written twice is there twice.
        _source = await fixture.DatabaseAsync("""
            CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT g, 'a' FROM generate_series(1, 100) g;
            CREATE TABLE b (v text);
            """);
        _target = await fixture.DatabaseAsync("SELECT 1");
        await RunAsync();
    }

    async Task WriteLargeAsync()
    {
        await fixture.Cluster.ExecuteAsync("UPDATE a SET v = 'before' WHERE id = 1", _source);
        await fixture.Cluster.ExecuteAsync("""
            BEGIN;
            INSERT INTO a SELECT g, repeat('x', 100) FROM generate_series(1001, 3000) g;
            UPDATE a SET v = v || 'y' WHERE id % 10 = 0;
            INSERT INTO b SELECT repeat('z', 100) || g FROM generate_series(1, 3000) g;
            DELETE FROM a WHERE id % 7 = 0;
            COMMIT;
            """, _source);
        await fixture.Cluster.ExecuteAsync("INSERT INTO b VALUES ('behind'); DELETE FROM a WHERE id = 2", _source);
    }

    async Task RunAsync(IMilestones? milestones = null)
    {
        await using PostgresSource source = fixture.Source(_source, _source, log: _log);
        PostgresSink sink = Open();
        try
        {
            using ChangefeedRunner runner = new(new()
            {
                Name = _source, Source = source, Sink = sink, AnotherSink = () => sink = Open(), State = _state,
                Filter = ChangeFilter.Parse([], [], new()), Until = StopPoint.Parse("now"), Time = new HastyTime(),
                Loggers = _log,
            });
            Assert.True((await runner.RunAsync(Never)).ReachedUntil);
        }
        finally
        {
            await sink.DisposeAsync();
        }

        PostgresSink Open()
        {
            _sinks++;
            return new(new()
            {
                Address = PostgresAddress.Parse(fixture.Cluster.UrlFor(_target)), Name = _source, BatchBytes = 4096,
                Milestones = milestones ?? NoMilestones.Instance, Loggers = _log,
            });
        }
    }

    // Ends our session in the target as soon as it is where it is wanted.
    async Task CutAsync(string where, Task run)
    {
        string? ended;
        do
        {
            ended = await fixture.Cluster.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                + $"WHERE datname = '{_target}' AND application_name = 'cdc' {where}");
        }
        while (ended == "0" && !run.IsFaulted);
        if (run.IsFaulted) await run;
    }

    async Task MustBeEqualAsync()
    {
        foreach (string table in new[] { "a", "b" })
        {
            string query = $"SELECT t::text FROM {table} t ORDER BY 1";
            IEnumerable<string?> source = (await fixture.Cluster.QueryAsync(query, _source)).Select(static row => row[0]);
            IEnumerable<string?> target = (await fixture.Cluster.QueryAsync(query, _target)).Select(static row => row[0]);
            Assert.Equal(source, target);
        }
    }

    /// <summary>Cuts the connection each time the large step is about to be committed, until it was cut often
    /// enough.</summary>
    sealed class CuttingMilestones(int cuts, Func<Task> cut) : IMilestones
    {
        int _reached;

        public void Reached(Milestone milestone)
        {
            // The first commit is that of what comes before the large step; the others are attempts at it.
            if (milestone != Milestone.TargetCommitting) return;
            if (Interlocked.Increment(ref _reached) is int reached && reached > 1 && reached <= 1 + cuts)
                cut().GetAwaiter().GetResult();
        }
    }
}
