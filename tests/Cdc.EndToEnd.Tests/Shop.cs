using Cdc.Testing;

namespace Cdc.EndToEnd.Tests;

/// <summary>A database of one test on a shared server, with a table that has a key and a few rows.</summary>
sealed class Shop
{
    static int s_count;

    readonly PostgresCluster _cluster;

    Shop(PostgresCluster cluster, string database) => (_cluster, Database) = (cluster, database);

    public string Database { get; }
    public string Url => UrlAs(PostgresCluster.Superuser);

    public static async Task<Shop> CreateAsync(PostgresCluster cluster)
    {
        Shop shop = new(cluster, $"shop{Interlocked.Increment(ref s_count)}");
        await cluster.CreateDatabaseAsync(shop.Database);
        await shop.ExecuteAsync("""
            CREATE TABLE orders (id bigint PRIMARY KEY, state text);
            INSERT INTO orders SELECT i, 'new' FROM generate_series(1, 100) i;
            """);
        return shop;
    }

    public string UrlAs(string role) => _cluster.UrlFor(Database, role);

    public Task ExecuteAsync(string sql) => _cluster.ExecuteAsync(sql, Database);

    public Task<string?> ScalarAsync(string sql) => _cluster.ScalarAsync(sql, Database);

    /// <summary>A role of this test that may do all a changefeed needs, and owns nothing else.</summary>
    public async Task<string> RoleAsync(string name, string rights = "REPLICATION")
    {
        string role = $"{name}_{Database}";
        await ExecuteAsync($"""
            CREATE ROLE {role} LOGIN {rights};
            GRANT USAGE ON SCHEMA public TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
            GRANT CREATE ON DATABASE {Database} TO {role};
            ALTER TABLE orders OWNER TO {role};
            """);
        return role;
    }
}
