using System.Globalization;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Protocol;
using Cdc.Sinks.Tests;

namespace Cdc.Conformance.Tests.Target;

/// <summary>What every sink owes its callers, of a PostgreSQL database.</summary>
public sealed class PostgresSinkConformance(TargetServer server)
    : SinkConformance, IClassFixture<TargetServer>, IAsyncLifetime
{
    string _database = "";

    private protected override bool IsLog => false;

    public async ValueTask InitializeAsync() => _database = await server.NewDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private protected override ISink Open() => server.Open(_database);

    // A table keeps no positions, so they are told from the values.
    private protected override IReadOnlyList<string>? Lines() =>
    [
        .. Values(Feed.Orders).Concat(Values(Feed.Items)).Order(StringComparer.Ordinal),
    ];

    IEnumerable<string> Values(TableSchema table)
    {
        bool isThere = server.Cluster.ScalarAsync($"SELECT to_regclass('{table.Name}')", _database).Result is not null;
        if (!isThere) return [];
        return server.Cluster.QueryAsync($"SELECT id FROM {table.Name}", _database).Result
            .Select(row => Line(table, row[0]!));
    }

    static string Line(TableSchema table, string value)
    {
        if (value.StartsWith("copied", StringComparison.Ordinal))
            return LineEncoder.Line(new(5, CommitTs.FirstSnapshotStep), 0, table, value);
        string[] parts = value.Split('-');
        return LineEncoder.Line(new(ulong.Parse(parts[1], CultureInfo.InvariantCulture), 0),
            uint.Parse(parts[2], CultureInfo.InvariantCulture), table, value);
    }
}
