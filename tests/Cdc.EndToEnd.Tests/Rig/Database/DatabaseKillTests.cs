using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Rig.Database;

/// <summary>Kills the real process at marked steps while it keeps another database equal, under rows and migrations, starts
/// it again, and compares both databases: no row is missing, none doubled, the schemas are equal, and the application has not
/// noticed.</summary>
public sealed class DatabaseKillTests(SharedServer server) : IClassFixture<SharedServer>
{
    public static TheoryData<string> Points() =>
    [
        "SnapshotRowsWritten:3", "TableCopied:2 TableCopied:4",
        "SnapshotRowsWritten:2 TableCopied:2 TargetCommitting:2",
        "TargetCommitting:1 TargetCommitting:9", "TargetCommitted:2 TargetCommitted:12",
        "DdlCommitting:1 DdlCommitting:7", "DdlCommitted:1 DdlCommitted:9 DdlCommitted:20",
        "TargetCommitted:3 DdlCommitted:3 CheckpointSaved:1 DdlCommitting:12", "BatchWritten:9 BeforeConfirm:2",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Both_databases_are_equal_when_it_is_killed_at(string points)
    {
        PostgresCluster cluster = server.Cluster;
        using TemporaryDirectory directory = new("cdc-rig-");
        await using PostgresCluster target = await PostgresCluster.StartAsync();
        string database = $"rig_{Guid.NewGuid():N}"[..12];
        await cluster.CreateDatabaseAsync(database);
        await target.CreateDatabaseAsync("copy");
        RigProcess rig = new(directory.Path, cluster.UrlFor(database)) { Output = target.UrlFor("copy") };
        await using (MigratingApplication application =
            await MigratingApplication.InstallAsync(cluster.ConnectionStringFor(database), points.Length))
        {
            application.Start();
            foreach (string point in points.Split(' ')) await rig.KillAtAsync(point);
            await application.MigrateMoreAsync(2);
            await application.StopAsync();
        }
        await rig.CatchUpAsync();
        await Databases.MustEqualAsync(cluster, database, target, "copy");
        await rig.DropAsync();
    }
}
