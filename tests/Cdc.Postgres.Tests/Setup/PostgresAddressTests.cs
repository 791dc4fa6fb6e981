using Cdc.Engine.Failures;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Npgsql;
using SslMode = Cdc.Postgres.Wire.SslMode;

namespace Cdc.Postgres.Tests.Setup;

public sealed class PostgresAddressTests
{
    static PostgresAddress Parse(string text, params (string Name, string Value)[] environment) =>
        PostgresAddress.Parse(text, name => environment.FirstOrDefault(e => e.Name == name).Value);

    [Theory]
    [InlineData("postgres://u@h/d", "h", 5432, "d", "u", null)]
    [InlineData("postgresql://u:p@h:6543/d", "h", 6543, "d", "u", "p")]
    [InlineData("postgres://us%40er:p%3Aa%2Fs%25s@h/my%20db", "h", 5432, "my db", "us@er", "p:a/s%s")]
    [InlineData("postgres://u:p@ss@h/d", "h", 5432, "d", "u", "p@ss")]
    [InlineData("postgres://u@[::1]:5433/d", "::1", 5433, "d", "u", null)]
    [InlineData("postgres://u@/d?host=/var/run/postgresql&port=5433", "/var/run/postgresql", 5433, "d", "u", null)]
    [InlineData("postgres://u@%2Fvar%2Frun/d", "/var/run", 5432, "d", "u", null)]
    [InlineData("postgres://h?user=u&dbname=d&password=x", "h", 5432, "d", "u", "x")]
    [InlineData("Host=h;Database=d;Username=u;Password=a;b", null, 0, null, null, null)]
    [InlineData("Host=h;Port=6543;Database=d;Username=u;Password='a;b=c'", "h", 6543, "d", "u", "a;b=c")]
    [InlineData("Server=h;User Id=u;Database=d;Pooling=true;Command Timeout=5", "h", 5432, "d", "u", null)]
    public void An_address_is_read_whole(string text, string? host, int port, string? database, string? user, string? password)
    {
        if (host is null)
        {
            Assert.Equal(FailureKind.Usage, Assert.Throws<CdcException>(() => Parse(text)).Kind);
            return;
        }
        PgEndpoint endpoint = Parse(text).Endpoint;
        Assert.Equal((host, port, database, user, password),
            (endpoint.Host, endpoint.Port, endpoint.Database, endpoint.User, endpoint.Password));
    }

    // A Unix-domain socket refuses them, and the connection with them.
    [Theory]
    [InlineData("postgres://u@/d?host=/var/run/postgresql", 0)]
    [InlineData("postgres://u@h/d", 30)]
    public void Options_of_tcp_are_asked_for_on_tcp_only(string text, int seconds)
    {
        NpgsqlConnectionStringBuilder options = new(Parse(text).ConnectionString);
        Assert.Equal((seconds > 0, seconds), (options.TcpKeepAlive, options.TcpKeepAliveTime));
        Assert.Equal(seconds > 0, options.TcpKeepAliveInterval > 0);
    }

    [Fact]
    public void What_is_left_open_comes_from_the_environment()
    {
        PgEndpoint endpoint = Parse("postgres://", ("PGHOST", "h"), ("PGPORT", "1"), ("PGUSER", "u"), ("PGDATABASE", "d"),
            ("PGPASSWORD", "p"), ("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", "/ca.pem")).Endpoint;
        Assert.Equal(("h", 1, "d", "u", "p"), (endpoint.Host, endpoint.Port, endpoint.Database, endpoint.User, endpoint.Password));
        Assert.Equal((SslMode.VerifyFull, "/ca.pem"), (endpoint.SslMode, endpoint.RootCertificate));
        Assert.Equal("x", Parse("postgres://u@x/d", ("PGHOST", "h")).Endpoint.Host);
        Assert.Equal("u", Parse("postgres://u@x", []).Database);
    }

    [Fact]
    public void Every_mistake_is_named_at_once_and_no_secret_with_it()
    {
        CdcException failure = Assert.Throws<CdcException>(() =>
            Parse("postgres://u:hush@a,b:70000/d?sslmode=maybe&connect_timeout=x&colour=red&ssl"));
        Assert.Equal(FailureKind.Usage, failure.Kind);
        foreach (string part in new[] { "several hosts", "the port", "sslmode", "connect_timeout", "'colour'", "'ssl' has no value" })
            Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", failure.Message + failure.Fix, StringComparison.Ordinal);
        Assert.Contains(PostgresAddress.Form, failure.Fix!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://u:100%@h/d")]
    [InlineData("postgres://u:a#b@h/d")]
    [InlineData("postgres://u@::1/d")]
    [InlineData("postgres://u@[::1/d")]
    [InlineData("mysql://u@h/d")]
    [InlineData("nonsense")]
    [InlineData("host=h dbname=d user=u password=hush")]
    [InlineData("Host=h;dbname=d")]
    [InlineData("Host=h;Password=hush;=;x")]
    public void An_address_that_could_be_misread_is_refused(string text)
    {
        CdcException failure = Assert.Throws<CdcException>(() => Parse(text));
        Assert.Equal(FailureKind.Usage, failure.Kind);
        Assert.DoesNotContain("hush", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Printed_forms_hold_no_password_and_identity_no_role()
    {
        PostgresAddress address = Parse("postgres://u:hush@H:5433/d%20b?sslmode=require");
        Assert.Equal("postgres://u:***@h:5433/d%20b?sslmode=require", address.Masked);
        Assert.Equal("postgres://h:5433/d%20b", address.Identity);
        Assert.Equal(address.Identity, Parse("Host=h;Port=5433;Database=d b;Username=other").Identity);
        Assert.Equal(address.Endpoint, Parse(address.Masked.Replace("***", "hush", StringComparison.Ordinal)).Endpoint with
        {
            Host = "H", StartupParameters = address.Endpoint.StartupParameters,
        });
    }

    [Fact]
    public void Both_kinds_of_connection_go_to_the_same_place_with_pinned_settings()
    {
        NpgsqlConnectionStringBuilder npgsql = new(Parse("postgres://u:p@h:5433/d?sslmode=verify-ca").ConnectionString);
        Assert.Equal(("h", 5433, "d", "u", "p"), (npgsql.Host, npgsql.Port, npgsql.Database, npgsql.Username, npgsql.Password));
        Assert.Equal(Npgsql.SslMode.VerifyCA, npgsql.SslMode);
        Assert.Contains("-c DateStyle=ISO,\\ MDY", npgsql.Options, StringComparison.Ordinal);
        Assert.Contains("-c row_security=off", npgsql.Options, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h:5432:d:u:secret", "secret")]
    [InlineData("*:*:*:*:any", "any")]
    [InlineData("# a comment\nother:*:*:*:no\nh:*:*:u:pa\\:ss\\\\", "pa:ss\\")]
    [InlineData("h:5432:other:u:no", null)]
    [InlineData("h:5432:d:u", null)]
    [InlineData("", null)]
    public void The_password_file_is_read_as_libpq_reads_it(string file, string? password)
    {
        PgEndpoint endpoint = Parse("postgres://u@h/d").Endpoint;
        Assert.Equal(password, PasswordFile.Find(endpoint, file.Split('\n')));
    }

    [Fact]
    public void A_password_file_that_others_may_read_is_left_aside()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "*:*:*:*:secret");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            PostgresAddress open = Parse("postgres://u@h/d", ("PGPASSFILE", path));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead);
            PostgresAddress closed = Parse("postgres://u@h/d", ("PGPASSFILE", path));
            Assert.Equal("secret", closed.Endpoint.Password);
            Assert.Empty(closed.Warnings);
            if (OperatingSystem.IsWindows()) return;
            Assert.Null(open.Endpoint.Password);
            Assert.Single(open.Warnings);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
