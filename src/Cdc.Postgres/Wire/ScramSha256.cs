using System.Security.Cryptography;
using System.Text;

namespace Cdc.Postgres.Wire;

/// <summary>The client's side of one SCRAM-SHA-256 exchange (RFC 5802, 7677), bound to TLS or not.</summary>
/// <remarks>
/// <code>
/// First --server-first--> Final --server-final--> Verify
/// </code>
/// Text that is not what the RFC allows throws a protocol violation; a server that does not know the password
/// throws <see cref="CryptographicException"/> from <see cref="Verify"/>.
/// </remarks>
internal sealed class ScramSha256(string user, string password, string nonce, string gs2Header, byte[] bindingData)
{
    public const string Name = "SCRAM-SHA-256";
    public const string NamePlus = "SCRAM-SHA-256-PLUS";

    // Beyond this a hostile server could keep us busy for hours. PostgreSQL's default is 4096.
    const int IterationsMax = 1_000_000;
    const int HashBytes = 32;

    readonly string _clientFirstBare = $"n={Escaped(user)},r={nonce}";
    byte[]? _serverSignature;

    public string First => gs2Header + _clientFirstBare;

    public static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    public string Final(string serverFirst)
    {
        string[] parts = serverFirst.Split(',');
        if (parts.Length < 3) throw Bad();
        string serverNonce = Attribute(parts[0], "r=");
        byte[] salt = Base64(Attribute(parts[1], "s="));
        if (!int.TryParse(Attribute(parts[2], "i="), out int iterations)) throw Bad();
        // A nonce that does not continue ours is a replay.
        if (!serverNonce.StartsWith(nonce, StringComparison.Ordinal) || serverNonce.Length == nonce.Length) throw Bad();
        if (salt.Length == 0 || iterations is < 1 or > IterationsMax) throw Bad();

        byte[] secret = Encoding.UTF8.GetBytes(SaslPrep.Normalize(password));
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(secret, salt, iterations, HashAlgorithmName.SHA256, HashBytes);
        byte[] clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        byte[] binding = [.. Encoding.ASCII.GetBytes(gs2Header), .. bindingData];
        string withoutProof = $"c={Convert.ToBase64String(binding)},r={serverNonce}";
        byte[] signed = Encoding.UTF8.GetBytes($"{_clientFirstBare},{serverFirst},{withoutProof}");
        byte[] proof = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        for (int i = 0; i < proof.Length; i++) proof[i] ^= clientKey[i];
        _serverSignature = HMACSHA256.HashData(serverKey, signed);
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <exception cref="CryptographicException">The server does not know the password: it is not ours.</exception>
    public void Verify(string serverFinal)
    {
        if (_serverSignature is null || serverFinal.StartsWith("e=", StringComparison.Ordinal)) throw Bad();
        byte[] shown = Base64(Attribute(serverFinal.Split(',')[0], "v="));
        if (!CryptographicOperations.FixedTimeEquals(shown, _serverSignature))
            throw new CryptographicException("The server's signature is wrong.");
    }

    static string Attribute(string part, string name) =>
        part.StartsWith(name, StringComparison.Ordinal) ? part[name.Length..] : throw Bad();

    static byte[] Base64(string text)
    {
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int written) ? bytes[..written] : throw Bad();
    }

    static string Escaped(string name) => name.Replace("=", "=3D").Replace(",", "=2C");

    static Exception Bad() => PgMessageReader.Violation("the SCRAM exchange is malformed");
}
