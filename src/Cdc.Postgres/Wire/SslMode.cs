namespace Cdc.Postgres.Wire;

/// <summary>As libpq's sslmode.</summary>
internal enum SslMode
{
    /// <summary>Never TLS.</summary>
    Disable,

    /// <summary>TLS only where the server refuses a plain connection.</summary>
    Allow,

    /// <summary>TLS where the server has it, unverified.</summary>
    Prefer,

    /// <summary>TLS or nothing; verified as <see cref="VerifyCa"/> when a root certificate is given.</summary>
    Require,

    /// <summary>TLS, and the certificate chains up to a trusted root.</summary>
    VerifyCa,

    /// <summary>TLS, a trusted chain, and a certificate for the host we asked for.</summary>
    VerifyFull,
}
