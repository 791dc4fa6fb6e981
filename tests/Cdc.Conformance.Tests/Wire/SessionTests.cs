using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Wire;

public sealed class SessionTests(WireServer server) : IClassFixture<WireServer>
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    const string IsTls = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

    [Fact]
    public void A_trusted_role_gets_in_and_reads_rows()
    {
        using PgConnection connection = Open(server.As("trusted"));
        PgRows rows = connection.Query("SELECT 1 AS one, NULL AS nothing, 'ä' AS text UNION ALL SELECT 2, '', ''");
        Assert.Equal(["one", "nothing", "text"], rows.Columns);
        Assert.Equal([["1", null, "ä"], ["2", "", ""]], rows.Select(row => row.ToArray()));
        Assert.True(connection.ServerVersion >= 14_0000);
        Assert.Equal(
            $"{connection.BackendProcessId}", connection.Query("SELECT pg_backend_pid() AS pid")["pid"]);
    }

    [Fact]
    public void The_Unix_socket_is_a_way_in()
    {
        PgEndpoint endpoint = server.As("trusted") with
        {
            Host = server.Cluster.SocketDirectory,
            SslMode = SslMode.VerifyFull, // Has no meaning on a socket, as in libpq.
        };
        using PgConnection connection = Open(endpoint);
        Assert.Equal("1", connection.Query("SELECT 1 AS one")["one"]);
    }

    [Theory]
    [InlineData("md5er", SslMode.Disable)]
    [InlineData("scrammer", SslMode.Disable)]
    [InlineData("clear", SslMode.Disable)]
    [InlineData("md5er", SslMode.Require)]
    [InlineData("scrammer", SslMode.Require)]
    internal void A_password_opens(string user, SslMode mode)
    {
        PgEndpoint endpoint = server.As(user) with { Password = WireServer.Password, SslMode = mode };
        using PgConnection connection = Open(endpoint);
        Assert.Equal(user, connection.Query("SELECT current_user AS me")["me"]);
        Assert.Equal(mode == SslMode.Disable ? "f" : "t", connection.Query(IsTls)["ssl"]);
    }

    [Theory]
    [InlineData("md5er")]
    [InlineData("scrammer")]
    [InlineData("clear")]
    public void A_wrong_password_is_refused_with_the_way_out(string user)
    {
        PgEndpoint endpoint = server.As(user) with { Password = "wrong-secret" };
        var refused = Assert.Throws<CdcException>(() => Open(endpoint));
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Equal("28P01", PgServerError.Of(refused)?.SqlState);
        Assert.Contains(user, refused.Fix);
        Assert.DoesNotContain("wrong-secret", refused + endpoint.ToString());
    }

    [Fact]
    public void A_missing_password_is_said()
    {
        var refused = Assert.Throws<CdcException>(() => Open(server.As("scrammer")));
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Contains("none was given", refused.Message);
    }

    [Theory]
    [InlineData("nowhere", "postgres", "28000")]
    [InlineData("no_such_role", "postgres", "28000")]
    [InlineData("trusted", "no_such_database", "3D000")]
    public void Who_may_not_in_is_refused(string user, string database, string sqlState)
    {
        var refused = Assert.Throws<CdcException>(() => Open(server.As(user, database)));
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Equal(sqlState, PgServerError.Of(refused)?.SqlState);
        Assert.NotNull(refused.Fix);
    }

    [Fact]
    public void A_method_we_do_not_speak_is_said()
    {
        // A server built without GSSAPI takes the whole pg_hba.conf as broken; Debian's and the usual ones have it.
        var refused = Assert.Throws<CdcException>(() => Open(server.As("identer")));
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Contains("GSSAPI", refused.Message);
        Assert.Contains("scram-sha-256", refused.Fix);
    }

    [Theory]
    [InlineData(SslMode.Disable, "plain_only", "f")]
    [InlineData(SslMode.Allow, "trusted", "f")]
    [InlineData(SslMode.Allow, "tls_only", "t")]
    [InlineData(SslMode.Prefer, "trusted", "t")]
    [InlineData(SslMode.Prefer, "plain_only", "f")]
    [InlineData(SslMode.Require, "trusted", "t")]
    internal void The_sslmode_decides_about_TLS(SslMode mode, string user, string tls)
    {
        using PgConnection connection = Open(server.As(user) with { SslMode = mode });
        Assert.Equal(tls, connection.Query(IsTls)["ssl"]);
        Assert.Equal(tls == "t", connection.IsEncrypted);
    }

    [Theory]
    [InlineData(SslMode.VerifyCa, "127.0.0.1")]
    [InlineData(SslMode.VerifyFull, "127.0.0.1")]
    [InlineData(SslMode.VerifyFull, "localhost")]
    internal void A_server_signed_by_our_authority_is_trusted(SslMode mode, string host)
    {
        PgEndpoint endpoint = server.As("trusted") with
        {
            Host = host,
            SslMode = mode,
            RootCertificate = server.Cluster.AuthorityFile,
        };
        using PgConnection connection = Open(endpoint);
        Assert.Equal("t", connection.Query(IsTls)["ssl"]);
    }

    [Theory]
    [InlineData(SslMode.VerifyCa)]
    [InlineData(SslMode.VerifyFull)]
    [InlineData(SslMode.Require)]
    internal void A_server_signed_by_someone_else_is_not(SslMode mode)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("other.pem"), new TestCertificates().AuthorityPem);
        PgEndpoint endpoint = server.As("trusted") with
        {
            SslMode = mode,
            RootCertificate = directory.File("other.pem"),
        };
        var refused = Assert.Throws<CdcException>(() => Open(endpoint));
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Contains("no trusted authority", refused.Message);
    }

    [Fact]
    public void This_machines_own_roots_do_not_know_our_authority()
    {
        PgEndpoint endpoint = server.As("trusted") with { SslMode = SslMode.VerifyFull, RootCertificate = "system" };
        var refused = Assert.Throws<CdcException>(() => Open(endpoint));
        Assert.Contains("no trusted authority", refused.Message);
    }

    [Fact]
    public void A_root_certificate_that_is_no_file_is_a_usage_error()
    {
        PgEndpoint endpoint = server.As("trusted") with { SslMode = SslMode.VerifyCa, RootCertificate = "/no.pem" };
        var refused = Assert.Throws<CdcException>(() => Open(endpoint));
        Assert.Equal(FailureKind.Usage, refused.Kind);
    }

    [Fact]
    public void Our_own_certificate_opens()
    {
        using var directory = new TemporaryDirectory();
        (string certificate, string key) = server.Cluster.Certificates!.ForClient("certified");
        File.WriteAllText(directory.File("client.crt"), certificate);
        File.WriteAllText(directory.File("client.key"), key);
        PgEndpoint endpoint = server.As("certified") with
        {
            SslMode = SslMode.Require,
            ClientCertificate = directory.File("client.crt"),
            ClientKey = directory.File("client.key"),
        };
        using PgConnection connection = Open(endpoint);
        Assert.Equal("certified", connection.Query("SELECT current_user AS me")["me"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pinned_settings_beat_those_of_the_database(bool replication)
    {
        var options = new PgConnectOptions { Replication = replication };
        using PgConnection connection = Open(server.As("trusted", "odd"), options);
        foreach ((string name, string value) in PinnedSettings.AtStart)
            Assert.Equal(value, connection.Query($"SHOW {name}")[0][0]);
        // A setting that the different database changes and that we forgot would show up here.
        string names = string.Join(", ", PostgresDifferentSettings.All.Keys.Select(k => $"'{k.ToLowerInvariant()}'"));
        PgRows left = connection.Query(
            $"SELECT name FROM pg_settings WHERE lower(name) IN ({names}) AND source = 'database'");
        Assert.Empty(left.Select(row => row[0]));
    }

    [Fact]
    public void A_failed_statement_leaves_the_session_well()
    {
        using PgConnection connection = Open(server.As("trusted"));
        var failed = Assert.Throws<CdcException>(() => connection.Query("SELECT 1/0"));
        Assert.Equal("22012", PgServerError.Of(failed)?.SqlState);
        connection.Query("BEGIN");
        Assert.Equal('T', connection.TransactionStatus);
        Assert.Throws<CdcException>(() => connection.Query("SELECT * FROM nowhere"));
        Assert.Equal('E', connection.TransactionStatus);
        connection.Query("ROLLBACK");
        Assert.Equal('I', connection.TransactionStatus);
    }

    [Fact]
    public void A_value_that_the_server_complains_about_is_not_repeated()
    {
        using PgConnection connection = Open(server.As("trusted"));
        var failed = Assert.Throws<CdcException>(() => connection.Query("SELECT 'secret-value'::int"));
        Assert.DoesNotContain("secret-value", failed.ToString() + failed.Fix);
    }

    [Fact]
    public async Task Another_thread_ends_a_waiting_query()
    {
        using PgConnection connection = Open(server.As("trusted"));
        string application = $"waits-{Guid.NewGuid():N}";
        connection.Query($"SET application_name = '{application}'");
        Task waiting = Task.Run(() => connection.Query("SELECT pg_sleep(600)"), Token);
        string running = "SELECT count(*) FROM pg_stat_activity " +
            $"WHERE application_name = '{application}' AND wait_event = 'PgSleep'";
        while (await server.Cluster.ScalarAsync(running) != "1") Assert.False(waiting.IsCompleted);
        connection.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => waiting.WaitAsync(TimeSpan.FromSeconds(30), Token));
    }

    [Fact]
    public void A_port_where_nobody_listens_is_unreachable()
    {
        PgEndpoint endpoint = server.As("trusted") with { Port = 1 };
        var failed = Assert.Throws<CdcException>(() => Open(endpoint));
        Assert.Equal(FailureKind.SourceUnreachable, failed.Kind);
    }

    static PgConnection Open(PgEndpoint endpoint, PgConnectOptions? options = null) =>
        PgConnection.Connect(endpoint, options ?? new(), Token);
}
