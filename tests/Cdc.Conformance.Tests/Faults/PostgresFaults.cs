using Cdc.Conformance.Tests.Target;
using Cdc.Engine.Sinks;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>Faults of a PostgreSQL database.</summary>
public sealed class PostgresFaults(TargetServer server) : FaultConformance, IClassFixture<TargetServer>
{
    readonly Dictionary<string, string> _databases = [];

    private protected override ISink Open(string place)
    {
        if (!_databases.TryGetValue(place, out string? database))
            _databases[place] = database = server.NewDatabaseAsync().GetAwaiter().GetResult();
        return server.Open(database, batchBytes: 4096);
    }

    private protected override IReadOnlyList<string> Result(string place)
    {
        List<string> rows = [];
        foreach (string table in new[] { "accounts", "ledger", "orders", "wide", "scratch" })
        {
            rows.AddRange(server.Cluster
                .QueryAsync($"SELECT '{table} ' || t::text FROM demo.{table} t ORDER BY 1", _databases[place]).Result
                .Select(static row => row[0]!));
        }
        return rows;
    }
}
