using Cdc.Engine;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Cdc.Protocol;
using Cdc.Sinks.Tests;
using Npgsql;

namespace Cdc.Conformance.Tests.Target;

/// <summary>A database of a target with two empty tables, and what a test writes to it and asks of it.</summary>
sealed class TargetCase
{
    public static readonly CancellationToken Never = CancellationToken.None;

    readonly TargetServer _server;
    readonly string _database;

    TargetCase(TargetServer server, string database) => (_server, _database) = (server, database);

    public Feed Feed { get; } = new();

    public static async Task<TargetCase> NewAsync(TargetServer server)
    {
        TargetCase test = new(server, await server.NewDatabaseAsync());
        // With a key, so that a row written twice could not stay unseen.
        await test.ExecuteAsync("CREATE TABLE orders (id text PRIMARY KEY); CREATE TABLE items (id text PRIMARY KEY)");
        return test;
    }

    public static SinkClaim Claim(ulong epoch) => new("orders", Feed.Source, TableSpan.Everything, new(epoch, 1));

    public PostgresSink Open(long batchBytes = 8 << 20, IMilestones? milestones = null) =>
        _server.Open(_database, batchBytes, milestones);

    /// <summary>Connects to another port than the server's.</summary>
    public PostgresSink OpenAt(int port)
    {
        string url = _server.Cluster.UrlFor(_database).Replace(
            $":{_server.Cluster.Port}/", $":{port}/", StringComparison.Ordinal);
        return new(new() { Address = PostgresAddress.Parse(url), Name = "orders" });
    }

    public async Task WriteAsync(PostgresSink sink, ulong commit)
    {
        await sink.WriteAsync(Feed.Batches(new Feed.Transaction(commit, 1)).ToArray(), Never);
        await sink.ResolveAsync(Feed.Stamp(commit), Never);
    }

    public Task<NpgsqlConnection> ConnectAsync() => _server.Cluster.OpenAsync(_database);

    public Task ExecuteAsync(string sql) => _server.Cluster.ExecuteAsync(sql, _database);

    public Task<string?> ScalarAsync(string sql) => _server.Cluster.ScalarAsync(sql, _database);

    public Task<string?> CountAsync() => ScalarAsync("SELECT count(*) FROM orders");

    public Task<string?> CountSessionsAsync(string where) => SessionsAsync("count(*)", where);

    public Task<string?> EndSessionsAsync(string where = "") =>
        SessionsAsync("count(pg_terminate_backend(pid))", where);

    // Those of the sinks.
    Task<string?> SessionsAsync(string what, string where) => _server.Cluster.ScalarAsync(
        $"SELECT {what} FROM pg_stat_activity WHERE datname = '{_database}' AND application_name = 'cdc' {where}");
}
