using System.Diagnostics;
using Cdc.Testing;
using Npgsql;

namespace Cdc.Bench;

/// <summary>Small transactions at a steady rate, while somebody carries them; how long each takes to be seen.</summary>
sealed class SteadyLoad(
    PostgresCluster cluster, BenchPlaces places, string name,
    Func<PostgresCluster, BenchPlaces, int, Task<IAsyncDisposable>> startAsync) : IContender
{
    const int PerSecond = 500;
    const int Transactions = 10_000;

    public string Name => name;

    public Task PrepareAsync(int run) => Task.CompletedTask;

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        await cluster.ExecuteAsync("TRUNCATE bench");
        await TargetDatabase.MakeAsync(places.Target, run);
        await places.Target.ExecuteAsync("TRUNCATE bench, mark", TargetDatabase.NameOf(run));
        await using IAsyncDisposable carrier = await startAsync(cluster, places, run);
        await using NpgsqlConnection target = await places.Target.OpenAsync(TargetDatabase.NameOf(run));
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(1));
        // The first row that comes shows that the way is open.
        for (int id = -100_000; await LastAsync(target) is null; id++)
        {
            await cluster.ExecuteAsync($"INSERT INTO bench (id) VALUES ({id})");
            await pause.WaitForNextTickAsync();
        }

        long started = Stopwatch.GetTimestamp();
        long[] committed = new long[Transactions + 1];
        Task writing = Task.Run(() => WriteAsync(committed));
        List<TimeSpan> latencies = [];
        for (long seen = 0; seen < Transactions;)
        {
            await pause.WaitForNextTickAsync();
            long last = await LastAsync(target) ?? 0;
            long now = Stopwatch.GetTimestamp();
            for (; seen < last; seen++)
            {
                // A row can be seen before its COMMIT was answered.
                long at = Volatile.Read(ref committed[seen + 1]);
                latencies.Add(at == 0 || at > now ? TimeSpan.Zero : Stopwatch.GetElapsedTime(at, now));
            }
            if (writing.IsFaulted) await writing;
        }
        await writing;
        latencies.Sort();
        return new(Stopwatch.GetElapsedTime(started))
        {
            Rows = Transactions,
            LatencyMedian = latencies[latencies.Count / 2],
            LatencyMost = latencies[latencies.Count * 99 / 100],
        };
    }

    public async Task CleanAsync(int run) => await TargetDatabase.DropAsync(places.Target, run);

    public static async Task<IAsyncDisposable> SubscribeAsync(PostgresCluster cluster, BenchPlaces places, int run)
    {
        string database = TargetDatabase.NameOf(run);
        string connection = $"host=127.0.0.1 port={cluster.Port} dbname=postgres user={PostgresCluster.Superuser}";
        await places.Target.ExecuteAsync(
            $"CREATE SUBSCRIPTION steady_{run} CONNECTION '{connection}' PUBLICATION {Backlog.Publication} "
            + "WITH (copy_data = false)", database);
        return new Ending(async () =>
            await places.Target.ExecuteAsync($"DROP SUBSCRIPTION steady_{run}", database));
    }

    public static Task<IAsyncDisposable> RunProductAsync(PostgresCluster cluster, BenchPlaces places, int run)
    {
        ProcessRun process = ProcessRun.Start(places.Program,
        [
            "run", "--from", cluster.Url, "--to", places.Target.UrlFor(TargetDatabase.NameOf(run)),
            "--name", $"bench_{run}", "--state", places.File("state"), "--tables", "public.bench", "--existing", "keep",
            "--snapshot", "none",
        ]);
        return Task.FromResult<IAsyncDisposable>(new Ending(async () =>
        {
            process.Send(Signal.Interrupt);
            (await process.WaitAsync()).Expect0("cdc run");
            await process.DisposeAsync();
            (await ProcessRun.RunAsync(places.Program,
            [
                "drop", "--from", cluster.Url, "--name", $"bench_{run}", "--state", places.File("state"),
            ])).Expect0("cdc drop");
        }));
    }

    async Task WriteAsync(long[] committed)
    {
        await using NpgsqlConnection source = await cluster.OpenAsync();
        await using NpgsqlCommand insert = source.CreateCommand();
        insert.CommandText = "INSERT INTO bench VALUES ($1, 1, 'a small row', 1.5, now())";
        NpgsqlParameter<long> id = new();
        insert.Parameters.Add(id);
        await insert.PrepareAsync();
        long started = Stopwatch.GetTimestamp();
        for (int i = 1; i <= Transactions; i++)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)i / PerSecond);
            while (Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < due)
            {
                if (due - elapsed > TimeSpan.FromMilliseconds(1)) await Task.Delay(1);
                else await Task.Yield();
            }
            id.TypedValue = i;
            await insert.ExecuteNonQueryAsync();
            Volatile.Write(ref committed[i], Stopwatch.GetTimestamp());
        }
    }

    static async Task<long?> LastAsync(NpgsqlConnection target)
    {
        await using NpgsqlCommand last = target.CreateCommand();
        last.CommandText = "SELECT max(id) FROM bench";
        return await last.ExecuteScalarAsync() as long?;
    }

    sealed class Ending(Func<Task> end) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await end();
    }
}
