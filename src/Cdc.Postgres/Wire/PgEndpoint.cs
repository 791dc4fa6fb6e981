namespace Cdc.Postgres.Wire;

/// <summary>Where a server is and as whom we come. Prints without the password.</summary>
internal sealed record PgEndpoint
{
    public const int DefaultPort = 5432;

    /// <summary>A name, an address, or the directory of a Unix-domain socket when it begins with '/'.</summary>
    public required string Host { get; init; }

    public int Port { get; init; } = DefaultPort;

    public required string Database { get; init; }

    public required string User { get; init; }

    public string? Password { get; init; }

    public SslMode SslMode { get; init; } = SslMode.Prefer;

    /// <summary>PEM file of the trusted roots; null or "system" means the roots of this machine.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>PEM file of our own certificate, for servers that ask for one.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>PEM file of its unencrypted key.</summary>
    public string? ClientKey { get; init; }

    public string ApplicationName { get; init; } = "cdc";

    /// <summary>For everything until the server is ready for the first statement.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Further run-time parameters of the session, such as <c>options</c>. Ours win.</summary>
    public IReadOnlyDictionary<string, string> StartupParameters { get; init; } = new Dictionary<string, string>();

    public bool IsUnixSocket => Host.StartsWith('/');

    /// <summary>The server as a sentence names it.</summary>
    public string Server => IsUnixSocket ? $"{Host} (port {Port})" : $"{Host}:{Port}";

    public override string ToString() => $"{User}@{Server}/{Database}";
}
