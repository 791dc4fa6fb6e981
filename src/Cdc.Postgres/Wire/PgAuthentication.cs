using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>Answers the server's authentication requests, one after the other, until it says that we are in.</summary>
internal sealed class PgAuthentication(PgEndpoint endpoint, PgTransport transport)
{
    const byte PasswordMessage = (byte)'p';

    ScramSha256? _scram;
    bool _verified;

    /// <summary>Takes the body of one AuthenticationXxx message.</summary>
    /// <returns>True when the server is satisfied.</returns>
    public bool Answer(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        int method = reader.Int32();
        switch (method)
        {
            case 0:
                reader.End();
                // A server that stops half-way has not shown that it knows the password.
                if (_scram is not null && !_verified) throw Untrusted();
                return true;
            case 3:
                SendCleartext();
                return false;
            case 5:
                SendText(Md5Password.Answer(endpoint.User, Password(), reader.Bytes(4)));
                return false;
            case 10:
                StartScram(ref reader);
                return false;
            case 11:
                if (_scram is null) throw PgMessageReader.Violation("a SASL step without a start");
                SendBytes(Encoding.UTF8.GetBytes(_scram.Final(AsciiText(reader.Rest))));
                return false;
            case 12:
                VerifyScram(AsciiText(reader.Rest));
                return false;
            default:
                throw Unknown(method);
        }
    }

    void SendCleartext()
    {
        if (!transport.IsEncrypted && !transport.IsLocal)
        {
            throw new CdcException(FailureKind.SourceRefused,
                $"{endpoint.Server} asks for the password in clear text on an unencrypted connection.",
                "Use sslmode=require or stronger, or let pg_hba.conf say scram-sha-256.");
        }
        SendText(Password());
    }

    void StartScram(ref PgMessageReader reader)
    {
        if (_scram is not null) throw PgMessageReader.Violation("a second SASL exchange");
        var offered = new List<string>();
        for (string name; (name = reader.Text()).Length > 0;) offered.Add(name);
        if (!offered.Contains(ScramSha256.Name) && !offered.Contains(ScramSha256.NamePlus))
            throw Refused("an authentication method (SASL) that Cdc does not know");

        byte[]? binding = transport.ServerCertificate is { } certificate ? ChannelBinding.Of(certificate) : null;
        bool plus = binding is not null && offered.Contains(ScramSha256.NamePlus);
        if (!plus && !offered.Contains(ScramSha256.Name))
            throw Refused("a password exchange bound to TLS, which this connection does not have");
        // 'y': we could have bound, and saw no offer; a server that did offer then knows that someone is between us.
        string header = plus ? "p=tls-server-end-point,," : binding is not null ? "y,," : "n,,";
        // The server takes the user from the start-up message and ignores this one; libpq too sends none.
        _scram = new ScramSha256("", Password(), ScramSha256.NewNonce(), header, plus ? binding! : []);

        var message = new PgMessageWriter();
        message.Begin(PasswordMessage);
        message.Text(plus ? ScramSha256.NamePlus : ScramSha256.Name);
        byte[] first = Encoding.UTF8.GetBytes(_scram.First);
        message.Int32(first.Length);
        message.Bytes(first);
        transport.Send(message.End());
    }

    void VerifyScram(string serverFinal)
    {
        if (_scram is null) throw PgMessageReader.Violation("a SASL end without a start");
        try
        {
            _scram.Verify(serverFinal);
            _verified = true;
        }
        catch (CryptographicException error)
        {
            throw Untrusted(error);
        }
    }

    string Password() => endpoint.Password ?? throw new CdcException(FailureKind.SourceRefused,
        $"{endpoint.Server} asks for a password of role {endpoint.User}, and none was given.",
        "Give it in the URL or in PGPASSWORD.");

    void SendText(string text) => SendBytes([.. Encoding.UTF8.GetBytes(text), 0]);

    void SendBytes(byte[] bytes)
    {
        var message = new PgMessageWriter();
        message.Begin(PasswordMessage);
        message.Bytes(bytes);
        transport.Send(message.End());
    }

    CdcException Untrusted(Exception? inner = null) => new(FailureKind.SourceRefused,
        $"{endpoint.Server} did not prove that it knows the password of role {endpoint.User}.",
        "Check the address; use sslmode=verify-full.", inner);

    CdcException Unknown(int method) => Refused(method switch
    {
        2 => "Kerberos V5 authentication, which Cdc does not speak",
        7 or 8 => "GSSAPI authentication, which Cdc does not speak",
        9 => "SSPI authentication, which Cdc does not speak",
        _ => $"authentication method {method}, which Cdc does not know",
    });

    CdcException Refused(string what) => new(FailureKind.SourceRefused, $"{endpoint.Server} asks for {what}.",
        $"Add a line with scram-sha-256 for role {endpoint.User} to the server's pg_hba.conf.");

    static string AsciiText(ReadOnlySpan<byte> bytes) => Ascii.IsValid(bytes)
        ? Encoding.ASCII.GetString(bytes)
        : throw PgMessageReader.Violation("the SCRAM exchange is malformed");
}

/// <summary>What tls-server-end-point (RFC 5929) binds to: the hash of the server's certificate.</summary>
internal static class ChannelBinding
{
    /// <summary>Null where the certificate's signature names no hash that we know.</summary>
    public static byte[]? Of(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        // RSA or ECDSA with MD5, SHA-1 or SHA-256: the RFC takes SHA-256 for the weak ones.
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11"
            or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => SHA256.HashData(certificate.RawData),
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawData),
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawData),
        _ => null,
    };
}
