namespace Cdc.Testing;

/// <summary>How a throw-away cluster differs from the usual one.</summary>
public sealed record PostgresClusterOptions
{
    /// <summary>Lines of postgresql.conf; they win over ours. Durable (fsync=on) unless told otherwise here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Lines of pg_hba.conf, in place of "everyone on loopback is trusted". The superuser always gets in through
    /// the Unix-domain socket, so the cluster itself goes on working whatever these say.
    /// </summary>
    public IReadOnlyList<string>? HbaLines { get; init; }

    /// <summary>Server certificates for localhost and 127.0.0.1 under a new authority; ssl=on.</summary>
    public bool Tls { get; init; }

    /// <summary>What the certificate says instead; for tests of a wrong name.</summary>
    public IReadOnlyList<string> TlsNames { get; init; } = ["localhost", "127.0.0.1"];

    /// <summary>Found on the machine unless told.</summary>
    public PostgresBinaries? Binaries { get; init; }
}

/// <summary>How a server is asked to stop.</summary>
public enum PostgresStop
{
    /// <summary>Waits for every client to leave.</summary>
    Smart,

    /// <summary>Cuts the clients off, writes a checkpoint.</summary>
    Fast,

    /// <summary>No checkpoint; the next start recovers.</summary>
    Immediate,
}
