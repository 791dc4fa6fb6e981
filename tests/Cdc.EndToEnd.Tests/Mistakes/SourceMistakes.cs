using System.Net;
using System.Net.Sockets;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Mistakes that the source's server tells us of, before anything is changed there.</summary>
public sealed class SourceMistakes(SharedServer server) : IClassFixture<SharedServer>
{
    const string RoleWithPassword = """
        DO $$ BEGIN
            CREATE ROLE with_password LOGIN REPLICATION PASSWORD 'right';
        EXCEPTION WHEN OTHERS THEN
        END $$
        """;

    static readonly (Mistake Mistake, Func<Shop, Task<string>> From, string[] More)[] s_table =
    [
        (new("a wrong password", 4, "password", "password"), async shop =>
        {
            await shop.ExecuteAsync(RoleWithPassword);
            return shop.UrlAs("with_password").Replace("with_password@", $"with_password:{Mistake.Password}@");
        }, []),
        (new("no password", 4, "password", "PGPASSWORD"), async shop =>
        {
            await shop.ExecuteAsync(RoleWithPassword);
            return shop.UrlAs("with_password");
        }, []),
        (new("a host that does not exist", 4, "nowhere.invalid", "Check the host"),
            _ => Task.FromResult($"postgres://me:{Mistake.Password}@nowhere.invalid/shop"), []),
        (new("a port where nobody listens", 4, "127.0.0.1", "server is running"),
            _ => Task.FromResult($"postgres://me:{Mistake.Password}@127.0.0.1:{FreePort()}/shop"),
                ["--retry-for", "1s"]),
        (new("a database that does not exist", 4, "nosuch", "database"),
            shop => Task.FromResult(shop.Url.Replace(shop.Database, "nosuch")), []),
        (new("a role that does not exist", 4, "nobody", "role"), shop => Task.FromResult(shop.UrlAs("nobody")), []),
        (new("a server that wants no TLS", 4, "TLS", "sslmode"), shop =>
            Task.FromResult(shop.Url + "?sslmode=require"), []),
        (new("no right to read the log", 3, "may not read the log", "REPLICATION"),
            async shop => shop.UrlAs(await shop.RoleAsync("plain", "")), []),
        (new("no right to read a table", 3, "may not read public.closed", "GRANT SELECT ON"), async shop =>
        {
            string role = await shop.RoleAsync("reader");
            await shop.ExecuteAsync("CREATE TABLE closed (id int PRIMARY KEY)");
            return shop.UrlAs(role);
        }, []),
        (new("no right to use a schema", 3, "may not use schema hidden", "GRANT USAGE ON SCHEMA"), async shop =>
        {
            string role = await shop.RoleAsync("stranger");
            await shop.ExecuteAsync("CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY)");
            return shop.UrlAs(role);
        }, []),
        (new("no right to publish another's table", 3, "does not own public.theirs", "GRANT"), async shop =>
        {
            string role = await shop.RoleAsync("other");
            await shop.ExecuteAsync($"CREATE TABLE theirs (id int PRIMARY KEY); GRANT SELECT ON theirs TO {role}");
            return shop.UrlAs(role);
        }, []),
        (new("no right to make publications", 3, "may not create publications", "GRANT CREATE ON DATABASE"),
            async shop =>
        {
            string role = await shop.RoleAsync("maker");
            await shop.ExecuteAsync($"REVOKE CREATE ON DATABASE {shop.Database} FROM {role}");
            return shop.UrlAs(role);
        }, []),
        (new("row-level security", 3, "Row-level security", "BYPASSRLS"), async shop =>
        {
            string role = await shop.RoleAsync("filtered");
            await shop.ExecuteAsync("""
                CREATE TABLE secret (id int PRIMARY KEY); ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
                """);
            await shop.ExecuteAsync($"GRANT SELECT ON secret TO {role}");
            return shop.UrlAs(role);
        }, []),
        (new("a pattern that matches nothing", 3, "No table of database", "Case counts"),
            shop => Task.FromResult(shop.Url), ["--tables", "public.Orders"]),
    ];

    public static TheoryData<string> Names => new(s_table.Select(row => row.Mistake.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_refused_with_a_sentence_and_a_way_out(string mistake)
    {
        (Mistake expected, Func<Shop, Task<string>> from, string[] more) = s_table.Single(row =>
            row.Mistake.Name == mistake);
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        ProcessResult result = await cdc.RunAsync(["run", "--from", await from(shop), "--to", "./out", .. more]);
        expected.Check(result);
        string database = shop.Database;
        Assert.Equal("0", await shop.ScalarAsync("SELECT count(*) FROM pg_publication"));
        Assert.Equal("0", await shop.ScalarAsync(
            $"SELECT count(*) FROM pg_replication_slots WHERE database = '{database}'"));
    }

    [Fact]
    public async Task A_server_without_logical_log_is_refused()
    {
        _ = server.Cluster;
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string> { ["wal_level"] = "replica", ["fsync"] = "off" },
        });
        Shop shop = await Shop.CreateAsync(cluster);
        using CdcCommand cdc = new();
        new Mistake("wal_level replica", 3, "wal_level is replica", "ALTER SYSTEM SET wal_level = 'logical'")
            .Check(await cdc.RunAsync(["run", "--from", shop.Url, "--to", "./out"]));
    }

    [Fact]
    public async Task A_server_without_a_free_slot_is_refused()
    {
        _ = server.Cluster;
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(new()
        {
            Settings = new Dictionary<string, string> { ["max_replication_slots"] = "1", ["fsync"] = "off" },
        });
        Shop shop = await Shop.CreateAsync(cluster);
        await shop.ExecuteAsync("SELECT pg_create_logical_replication_slot('mine', 'pgoutput')");
        using CdcCommand cdc = new();
        new Mistake("no slot free", 3, "replication slots of the server are in use", "max_replication_slots")
            .Check(await cdc.RunAsync(["run", "--from", shop.Url, "--to", "./out"]));
    }

    [Theory]
    [InlineData("really")]
    [InlineData("dry")]
    public async Task A_drop_by_a_role_that_may_not_do_all_of_it_does_nothing(string how)
    {
        Shop shop = await Shop.CreateAsync(server.Cluster);
        using CdcCommand cdc = new();
        (await cdc.RunAsync(["run", "--from", shop.Url, "--to", "./out", "--name", "kept", "--until", "now"]))
            .Expect0("the run");
        string[] drop = ["drop", "--from", shop.UrlAs(await shop.RoleAsync("dropper")), "--name", "kept"];
        ProcessResult result = await cdc.RunAsync(how == "dry" ? [.. drop, "--dry-run"] : drop);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("does not own publications cdc_kept, cdc_kept_insert", result.Error);
        Assert.Contains("fix: As a role that may: SELECT pg_drop_replication_slot", result.Error);
        Assert.Equal(how == "dry", result.Output.Contains("DROP PUBLICATION", StringComparison.Ordinal));
        Assert.Equal("1", await shop.ScalarAsync(
            "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cdc_kept'"));
        Assert.True(Directory.Exists(cdc.PathOf("cdc-data/kept")));
        (await cdc.RunAsync(["drop", "--from", shop.Url, "--name", "kept"])).Expect0("drop");
    }

    static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
