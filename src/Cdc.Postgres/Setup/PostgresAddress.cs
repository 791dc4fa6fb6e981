using System.Globalization;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Where a PostgreSQL database is, and as whom we come: one address for both kinds of connection.</summary>
/// <remarks>Nothing that it prints holds the password.</remarks>
public sealed class PostgresAddress
{
    /// <summary>The form that error messages show.</summary>
    public const string Form = "postgres://user@host:5432/database?sslmode=verify-full";

    readonly PgEndpoint _endpoint;

    PostgresAddress(PgEndpoint endpoint, IReadOnlyList<string> warnings) =>
        (_endpoint, Warnings) = (endpoint, warnings);

    internal PgEndpoint Endpoint => _endpoint;

    /// <summary>Things that were left aside and might have been meant: a password file that others can read.</summary>
    public IReadOnlyList<string> Warnings { get; }

    public string Database => _endpoint.Database;

    /// <summary>For names and state: the same for every spelling of the same place, and for every role.</summary>
    public string Identity =>
        string.Create(CultureInfo.InvariantCulture,
            $"postgres://{UrlHost}:{_endpoint.Port}/{Escape(_endpoint.Database)}");

    /// <summary>The address as it may be printed.</summary>
    public string Masked
    {
        get
        {
            string secret = _endpoint.Password is null ? "" : ":***";
            string mode = AddressParts.NameOf(_endpoint.SslMode);
            string place = string.Create(
                CultureInfo.InvariantCulture, $"{UrlHost}:{_endpoint.Port}/{Escape(_endpoint.Database)}");
            return $"postgres://{Escape(_endpoint.User)}{secret}@{place}?sslmode={mode}";
        }
    }

    public override string ToString() => Masked;

    /// <summary>Whether <paramref name="text"/> means a PostgreSQL database: a URL of one, or a .NET connection
    /// string.</summary>
    public static bool IsAddress(string text) => AddressUrl.IsUrl(text) || AddressKeywords.IsKeywords(text);

    /// <summary>Reads a URL (<c>postgres://</c>, <c>postgresql://</c>) or a .NET connection string. What it leaves open
    /// comes from the PG… variables of the environment and from the password file, as with libpq.</summary>
    /// <exception cref="CdcException"><see cref="FailureKind.Usage"/>, naming every problem at once.</exception>
    public static PostgresAddress Parse(string text) => Parse(text, Environment.GetEnvironmentVariable);

    internal static PostgresAddress Parse(string text, Func<string, string?> environment)
    {
        AddressParts parts = new();
        if (AddressUrl.IsUrl(text)) AddressUrl.Read(text, parts);
        else if (AddressKeywords.IsKeywords(text)) AddressKeywords.Read(text, parts);
        else parts.Problem("it is neither a URL nor a connection string");
        parts.FillFrom(environment);
        if (parts.Problems.Count > 0)
        {
            throw new CdcException(FailureKind.Usage,
                $"The PostgreSQL address can't be used: {string.Join("; ", parts.Problems)}.",
                $"Write {Form}, or Host=host;Database=database;Username=user.");
        }
        List<string> warnings = [];
        PgEndpoint endpoint = parts.ToEndpoint();
        if (endpoint.Password is null)
            endpoint =
                endpoint with { Password = PasswordFile.Find(endpoint, parts.PasswordFile, environment, warnings) };
        return new(endpoint, warnings);
    }

    internal string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = _endpoint.Host,
        Port = _endpoint.Port,
        Database = _endpoint.Database,
        Username = _endpoint.User,
        Password = _endpoint.Password,
        SslMode = ToNpgsql(_endpoint.SslMode),
        RootCertificate = _endpoint.RootCertificate is "system" ? null : _endpoint.RootCertificate,
        SslCertificate = _endpoint.ClientCertificate,
        SslKey = _endpoint.ClientKey,
        ApplicationName = _endpoint.ApplicationName,
        Timeout = (int)Math.Ceiling(_endpoint.ConnectTimeout.TotalSeconds),
        Options = ControlConnections.PinnedOptions(),
        Pooling = false,
        Enlist = false,
        CommandTimeout = 0,
        KeepAlive = 30,
        TcpKeepAlive = !_endpoint.IsUnixSocket,
        // Options of TCP, which a Unix-domain socket refuses; zero leaves them alone.
        TcpKeepAliveTime = _endpoint.IsUnixSocket ? 0 : 30,
        TcpKeepAliveInterval = _endpoint.IsUnixSocket ? 0 : 10,
        // Values of rows could be in it, and messages are shown.
        IncludeErrorDetail = false,
        // A password file is ours to read, by one rule for both kinds of connection.
        Passfile = OperatingSystem.IsWindows() ? "NUL" : "/dev/null",
    }.ConnectionString;

    string UrlHost =>
        _endpoint.IsUnixSocket ? Escape(_endpoint.Host)
        : _endpoint.Host.Contains(':', StringComparison.Ordinal) ? $"[{_endpoint.Host}]"
        : _endpoint.Host.ToLowerInvariant();

    static string Escape(string text) => Uri.EscapeDataString(text);

    static Npgsql.SslMode ToNpgsql(Wire.SslMode mode) => mode switch
    {
        Wire.SslMode.Disable => Npgsql.SslMode.Disable,
        Wire.SslMode.Allow => Npgsql.SslMode.Allow,
        Wire.SslMode.Prefer => Npgsql.SslMode.Prefer,
        Wire.SslMode.Require => Npgsql.SslMode.Require,
        Wire.SslMode.VerifyCa => Npgsql.SslMode.VerifyCA,
        Wire.SslMode.VerifyFull => Npgsql.SslMode.VerifyFull,
    };
}
