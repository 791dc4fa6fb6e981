using Cdc.Postgres.Wire;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Wire;

/// <summary>One server with TLS and a role for each way in, shared by the tests of the wire.</summary>
public sealed class WireServer : IAsyncLifetime
{
    /// <summary>SASLprep makes a plain space of the no-break one, and nothing of the soft hyphen.</summary>
    public const string Password = "p\u00E4ss\u00A0w\u00F6rd\u00AD";

    public PostgresCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await PostgresCluster.StartAsync(new()
        {
            Tls = true,
            HbaLines =
            [
                "local all all trust",
                "hostnossl all plain_only 127.0.0.1/32 trust",
                "hostssl all tls_only 127.0.0.1/32 trust",
                "host all trusted 127.0.0.1/32 trust",
                "host all md5er 127.0.0.1/32 md5",
                "host all scrammer 127.0.0.1/32 scram-sha-256",
                "host all clear 127.0.0.1/32 password",
                "hostssl all certified 127.0.0.1/32 cert",
                "host all identer 127.0.0.1/32 gss",
            ],
        });
        await Cluster.ExecuteAsync(
            $"""
            CREATE ROLE plain_only LOGIN; CREATE ROLE tls_only LOGIN; CREATE ROLE nowhere LOGIN;
            CREATE ROLE trusted LOGIN REPLICATION; CREATE ROLE certified LOGIN; CREATE ROLE identer LOGIN;
            SET password_encryption = 'md5';
            CREATE ROLE md5er LOGIN PASSWORD '{Password}';
            SET password_encryption = 'scram-sha-256';
            CREATE ROLE scrammer LOGIN PASSWORD '{Password}';
            CREATE ROLE clear LOGIN PASSWORD '{Password}';
            """);
        await Cluster.CreateDifferentDatabaseAsync("odd");
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    internal PgEndpoint As(string user, string database = "postgres") => new()
    {
        Host = "127.0.0.1",
        Port = Cluster.Port,
        Database = database,
        User = user,
        SslMode = SslMode.Disable,
    };
}
