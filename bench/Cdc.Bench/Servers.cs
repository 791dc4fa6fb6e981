using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>How both servers are set: the same for everybody.</summary>
static class Servers
{
    public static PostgresClusterOptions Options { get; } = new()
    {
        Settings = new Dictionary<string, string>
        {
            ["shared_buffers"] = "'256MB'",
            ["max_wal_size"] = "'8GB'",
            ["max_replication_slots"] = "100",
            ["max_wal_senders"] = "100",
            ["max_logical_replication_workers"] = "10",
            ["synchronous_commit"] = "off",
            ["autovacuum"] = "off",
        },
    };
}
