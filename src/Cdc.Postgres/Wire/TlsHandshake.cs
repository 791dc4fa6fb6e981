using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>The TLS handshake, with as much verification as the endpoint's sslmode asks for.</summary>
internal static class TlsHandshake
{
    const SslPolicyErrors ChainErrors =
        SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNotAvailable;

    /// <summary>The certificate must chain up to a trusted root.</summary>
    public static bool VerifiesChain(PgEndpoint endpoint) => endpoint.SslMode switch
    {
        SslMode.VerifyCa or SslMode.VerifyFull => true,
        SslMode.Require => endpoint.RootCertificate is not null,
        SslMode.Disable or SslMode.Allow or SslMode.Prefer => false,
    };

    /// <returns>The server's certificate.</returns>
    /// <exception cref="CdcException">
    /// <see cref="FailureKind.SourceRefused"/>: no handshake, or not the server we trust; its inner exception is then
    /// an <see cref="AuthenticationException"/>. <see cref="FailureKind.Usage"/>: a certificate file of ours.
    /// </exception>
    public static X509Certificate2 Run(SslStream tls, PgEndpoint endpoint)
    {
        string? complaint = null;
        var options = new SslClientAuthenticationOptions
        {
            // An address is no server name indication; the name is compared below, not by SslStream.
            TargetHost = IPAddress.TryParse(endpoint.Host, out _) || endpoint.IsUnixSocket ? "" : endpoint.Host,
            CertificateChainPolicy = ChainPolicy(endpoint),
            ClientCertificateContext = ClientCertificate(endpoint),
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                (complaint = Complaint(endpoint, certificate, errors)) is null,
        };
        try
        {
            tls.AuthenticateAsClient(options);
        }
        catch (Exception error) when (error is AuthenticationException or InvalidOperationException)
        {
            throw complaint is not null
                ? new CdcException(FailureKind.SourceRefused, $"{endpoint.Server} {complaint}.",
                    "Set sslrootcert to the authority that signed the server's certificate, and connect by its name.",
                    error)
                : Failed(endpoint, error);
        }
        catch (ReadTimedOutException error)
        {
            throw PgFailures.Unreachable(endpoint, "did not finish the TLS handshake in time", error);
        }
        catch (IOException error)
        {
            throw Failed(endpoint, error);
        }
        return new X509Certificate2(tls.RemoteCertificate!);
    }

    static CdcException Failed(PgEndpoint endpoint, Exception error) => new(
        FailureKind.SourceRefused, $"The TLS handshake with {endpoint.Server} failed.",
        "Check the server's TLS settings, and the client certificate if it asks for one.",
        error as AuthenticationException ?? new AuthenticationException("No handshake.", error));

    static string? Complaint(PgEndpoint endpoint, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (!VerifiesChain(endpoint)) return null;
        if (certificate is not X509Certificate2 shown) return "shows no certificate";
        if ((errors & ChainErrors) != 0) return "shows a certificate that no trusted authority signed";
        return endpoint.SslMode != SslMode.VerifyFull || shown.MatchesHostname(endpoint.Host)
            ? null
            : "shows a certificate for another host";
    }

    static X509ChainPolicy ChainPolicy(PgEndpoint endpoint)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (endpoint.RootCertificate is not (null or "system") && VerifiesChain(endpoint))
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(endpoint.RootCertificate);
            }
            catch (Exception error) when (IsFileTrouble(error))
            {
                throw BadFile("sslrootcert", endpoint.RootCertificate, error);
            }
        }
        return policy;
    }

    static SslStreamCertificateContext? ClientCertificate(PgEndpoint endpoint)
    {
        if (endpoint.ClientCertificate is null) return null;
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(endpoint.ClientCertificate, endpoint.ClientKey);
            if (OperatingSystem.IsWindows())
            {
                // Schannel does not take a key that lives in memory only.
                using X509Certificate2 ephemeral = certificate;
                certificate = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pfx), null);
            }
            return SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }
        catch (Exception error) when (IsFileTrouble(error))
        {
            throw BadFile("sslcert or sslkey", endpoint.ClientCertificate, error);
        }
    }

    static bool IsFileTrouble(Exception error) =>
        error is IOException or UnauthorizedAccessException or CryptographicException;

    static CdcException BadFile(string option, string path, Exception error) => new(
        FailureKind.Usage, $"{option}: {path} can't be read as PEM.", "Name a PEM file that you may read.", error);
}
