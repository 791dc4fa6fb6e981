using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cdc.Testing;

/// <summary>A certificate authority of its own and what it signed, as PEM texts, made in process.</summary>
public sealed class TestCertificates
{
    readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Cdc test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        (DateTimeOffset from, DateTimeOffset to) = Validity();
        _authority = request.CreateSelfSigned(from, to);
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>A server certificate for these DNS names or addresses.</summary>
    public (string CertificatePem, string KeyPem) ForServer(params IEnumerable<string> names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out IPAddress? address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        return Sign("CN=Cdc test server", alternatives.Build());
    }

    /// <summary>A client certificate, whose common name is the role it logs in as.</summary>
    public (string CertificatePem, string KeyPem) ForClient(string role) => Sign($"CN={role}", null);

    (string CertificatePem, string KeyPem) Sign(string subject, X509Extension? extension)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        if (extension is not null) request.CertificateExtensions.Add(extension);
        byte[] serial = RandomNumberGenerator.GetBytes(12);
        serial[0] &= 0x7F;
        (DateTimeOffset from, DateTimeOffset to) = Validity();
        using X509Certificate2 signed = request.Create(_authority, from.AddHours(1), to.AddHours(-1), serial);
        return (signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    static (DateTimeOffset From, DateTimeOffset To) Validity() =>
        (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
}
