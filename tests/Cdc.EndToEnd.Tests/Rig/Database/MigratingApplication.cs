using Npgsql;

namespace Cdc.EndToEnd.Tests.Rig.Database;

/// <summary>The test application with somebody who migrates its schema all the time, as the same plain role.</summary>
sealed class MigratingApplication : IAsyncDisposable
{
    readonly TestApplication _application;
    readonly NpgsqlDataSource _database;
    readonly CancellationTokenSource _stop = new();
    Task _running = Task.CompletedTask;
    int _rounds;

    MigratingApplication(TestApplication application, NpgsqlDataSource database) =>
        (_application, _database) = (application, database);

    public static async Task<MigratingApplication> InstallAsync(string superuser, int seed)
    {
        TestApplication application = await TestApplication.InstallAsync(superuser, superuser, seed);
        NpgsqlConnectionStringBuilder own = new(superuser) { Username = "app" };
        return new(application, NpgsqlDataSource.Create(own));
    }

    public void Start()
    {
        _application.Start();
        _running = Task.Run(RunAsync);
    }

    /// <summary>Waits until this many more rounds of migrations, and some rows beside them, are committed.</summary>
    public async Task MigrateMoreAsync(int rounds)
    {
        int target = Volatile.Read(ref _rounds) + rounds;
        while (Volatile.Read(ref _rounds) < target)
        {
            if (_running.IsCompleted) await _running;
            await _application.WriteMoreAsync(1);
        }
    }

    /// <summary>Ends the writing; throws if a statement failed meanwhile.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _application.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _application.DisposeAsync();
        await _database.DisposeAsync();
        _stop.Dispose();
    }

    async Task RunAsync()
    {
        for (int n = 1; !_stop.IsCancellationRequested; n++)
        {
            foreach (string statements in Migrations.Round(n))
            {
                try
                {
                    await using NpgsqlCommand command = _database.CreateCommand(statements);
                    await command.ExecuteNonQueryAsync();
                }
                catch (PostgresException refused)
                {
                    throw new InvalidOperationException($"A migration failed: {refused.MessageText}\n{statements}", refused);
                }
                // Somebody who migrates faster than rows are written would leave nothing to see between two changes.
                await _application.WriteMoreAsync(1);
            }
            Interlocked.Increment(ref _rounds);
        }
    }
}
