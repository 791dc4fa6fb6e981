using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>A database of its own, an application that writes to it from the beginning, and the command that captures
/// it.</summary>
sealed class RigCase : IAsyncDisposable
{
    readonly TemporaryDirectory _directory = new("cdc-rig-");

    RigCase(PostgresCluster cluster, string database, TestApplication application, string[] more)
    {
        (Cluster, Database, Application) = (cluster, database, application);
        Command = new(_directory.Path, cluster.UrlFor(database), more);
    }

    public PostgresCluster Cluster { get; }
    public string Database { get; }
    public TestApplication Application { get; }
    public RigProcess Command { get; }

    /// <param name="seed">Of what the application writes.</param>
    /// <param name="more">Options for every run.</param>
    public static async Task<RigCase> BeginAsync(PostgresCluster cluster, int seed, params string[] more)
    {
        string database = $"rig_{Guid.NewGuid():N}"[..12];
        await cluster.CreateDatabaseAsync(database);
        TestApplication application = await TestApplication.InstallAsync(
            cluster.ConnectionStringFor(database), cluster.ConnectionStringFor(database), seed);
        application.Start();
        return new(cluster, database, application, more);
    }

    /// <summary>Ends the writing, captures what is left, and hands the lines of all files to the comparison, which gets the
    /// server and the database to compare with.</summary>
    public async Task EndAsync(Func<PostgresCluster, string, IReadOnlyList<string>, Task> compareAsync)
    {
        await Application.StopAsync();
        await Command.CatchUpAsync();
        await compareAsync(Cluster, Database, [.. NamedFiles.Lines(Command.Output)]);
        await Command.DropAsync();
    }

    public async ValueTask DisposeAsync()
    {
        using (_directory) await Application.DisposeAsync();
    }
}
