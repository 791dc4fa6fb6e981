using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Cdc.Protocol;
using Cdc.Sinks.Tests;

namespace Cdc.Conformance.Tests.Target;

/// <summary>Connecting ahead of the first look at a target.</summary>
public sealed class FirstSessionTests(TargetServer server) : IClassFixture<TargetServer>
{
    static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task The_looks_at_a_target_and_its_claim_take_one_connection()
    {
        string database = await server.NewDatabaseAsync();
        await using PostgresSink sink = server.Open(database);
        await sink.PrepareAsync(Never);
        string? first = await SessionsAsync(database);
        Assert.NotNull(first);
        await sink.PrepareAsync(Never);
        await sink.InspectAsync(Never);
        await sink.ProgressAsync(Never);
        await sink.ClaimAsync(Claim, Never);
        Assert.Equal(first, await SessionsAsync(database));
    }

    [Fact]
    public async Task One_that_was_lost_meanwhile_is_replaced()
    {
        string database = await server.NewDatabaseAsync();
        await using PostgresSink sink = server.Open(database);
        await sink.PrepareAsync(Never);
        await EndAsync(database);
        Assert.Empty(await sink.InspectAsync(Never));
        await EndAsync(database);
        Assert.NotNull(await sink.ClaimAsync(Claim, Never));
    }

    [Fact]
    public async Task A_target_that_is_away_is_told_by_the_first_look()
    {
        string url = server.Cluster.Url.Replace($":{server.Cluster.Port}/", ":1/", StringComparison.Ordinal);
        await using PostgresSink sink = new(new() { Address = PostgresAddress.Parse(url), Name = "orders" });
        await sink.PrepareAsync(Never);
        CdcException away = await Assert.ThrowsAsync<CdcException>(async () => await sink.InspectAsync(Never));
        Assert.Equal(FailureKind.SinkUnreachable, away.Kind);
    }

    [Fact]
    public async Task One_that_nobody_took_ends_with_the_sink()
    {
        string database = await server.NewDatabaseAsync();
        await using (PostgresSink sink = server.Open(database)) await sink.PrepareAsync(Never);
        while (await SessionsAsync(database) is not null) await Task.Yield();
    }

    static SinkClaim Claim => new("orders", Feed.Source, TableSpan.Everything, new(1, 1));

    async Task EndAsync(string database)
    {
        await server.Cluster.ScalarAsync(
            $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}' AND {Ours}");
        while (await SessionsAsync(database) is not null) await Task.Yield();
    }

    const string Ours = "application_name = 'cdc'";

    Task<string?> SessionsAsync(string database) => server.Cluster.ScalarAsync(
        $"SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE datname = '{database}' AND {Ours}");
}
