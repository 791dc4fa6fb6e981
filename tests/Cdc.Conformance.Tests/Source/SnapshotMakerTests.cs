using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Snapshot;
using Cdc.Postgres.Wire;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Source;

/// <summary>A snapshot is made again while migrations come in between: one attempt after the other finds a table that is
/// not published.</summary>
public sealed class SnapshotMakerTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Publish = "CREATE PUBLICATION cdc_maker FOR TABLE t";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_often_migrations_come_in_between_it_is_made_again()
    {
        CdcException? failure = await MakeAsync(attemptEvery: TimeSpan.FromSeconds(1), quietAt: 30);
        Assert.Null(failure);
    }

    [Fact]
    public async Task Migrations_that_never_end_end_it_after_a_minute()
    {
        CdcException? failure = await MakeAsync(attemptEvery: TimeSpan.FromSeconds(10), quietAt: 8);
        Assert.Equal(FailureKind.SourceUnfit, failure?.Kind);
    }

    [Fact]
    public async Task However_long_one_takes_there_are_five_attempts()
    {
        Assert.Null(await MakeAsync(attemptEvery: TimeSpan.FromHours(1), quietAt: 5));
    }

    /// <param name="quietAt">The attempt that finds all tables published.</param>
    async Task<CdcException?> MakeAsync(TimeSpan attemptEvery, int quietAt)
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE t (id int PRIMARY KEY)");
        SteppingTime time = new();
        TestLog log = new();
        PostgresSourceOptions options = new()
        {
            Address = PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), Name = "maker",
            SpillDirectory = fixture.Spill.Path, Time = time,
        };
        await using ControlConnections connections = new(options.Address);
        SlotKeeper slot = new(connections, $"maker_{database}", TimeSpan.FromSeconds(20), TimeProvider.System, _ => { });
        SnapshotMaker maker = new(options, connections, ConnectAsync, log, _ => { });
        int attempts = 0;
        try
        {
            (PostgresSnapshot snapshot, PgConnection connection) =
                await maker.MakeAsync(slot, false, PrepareAsync, new SchemaHistory([]), null, Cancellation);
            await snapshot.DisposeAsync();
            connection.Dispose();
            Assert.Equal(quietAt, attempts);
            return null;
        }
        catch (CdcException failure)
        {
            return failure;
        }
        finally
        {
            await slot.DropAsync(Cancellation);
        }

        async Task<ServerFacts> PrepareAsync(CancellationToken cancellationToken)
        {
            if (attempts > 0) time.Step(attemptEvery);
            if (++attempts == quietAt) await fixture.Cluster.ExecuteAsync(Publish, database);
            if (attempts > 1) await slot.DropAsync(cancellationToken);
            return await connections.RunAsync(
                0, static (_, connection, token) => ServerFacts.ReadAsync(connection, token), cancellationToken);
        }

        Task<PgConnection> ConnectAsync(CancellationToken cancellationToken) => Task.FromResult(PgConnection.Connect(
            connections.Endpoint, new() { Replication = true }, cancellationToken));
    }
}
