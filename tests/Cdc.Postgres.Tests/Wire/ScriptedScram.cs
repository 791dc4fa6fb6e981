using System.Security.Cryptography;
using System.Text;

namespace Cdc.Postgres.Tests.Wire;

/// <summary>The server's side of SCRAM-SHA-256, from RFC 5802 and not from the client's code.</summary>
static class ScriptedScram
{
    static readonly byte[] Salt = [1, 2, 3, 4, 5, 6, 7, 8];
    const int Iterations = 4096;

    /// <summary>Returns the mechanism that the client chose and the header with which it said why.</summary>
    public static (string Mechanism, string Header) Run(
        ScriptedSession session, string password, string[] offered, byte[]? binding = null)
    {
        session.SendAuthentication(10, [.. offered.SelectMany(o => (byte[])[.. Encoding.ASCII.GetBytes(o), 0]), 0]);
        (char type, byte[] body) = session.ReadMessage();
        Assert.Equal('p', type);
        int end = Array.IndexOf(body, (byte)0);
        string mechanism = Encoding.ASCII.GetString(body, 0, end);
        string first = Encoding.UTF8.GetString(body, end + 5, body.Length - end - 5);
        string bare = first[first.IndexOf("n=", StringComparison.Ordinal)..];
        string header = first[..^bare.Length];
        string nonce = bare[(bare.IndexOf("r=", StringComparison.Ordinal) + 2)..] + "server";

        string serverFirst = $"r={nonce},s={Convert.ToBase64String(Salt)},i={Iterations}";
        session.SendAuthentication(11, Encoding.ASCII.GetBytes(serverFirst));
        (_, byte[] final) = session.ReadMessage();
        string clientFinal = Encoding.ASCII.GetString(final);
        string withoutProof = clientFinal[..clientFinal.LastIndexOf(",p=", StringComparison.Ordinal)];
        byte[] bound = [.. Encoding.ASCII.GetBytes(header), .. header.StartsWith('p') ? binding! : []];
        Assert.Equal($"c={Convert.ToBase64String(bound)},r={nonce}", withoutProof);

        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, Salt, Iterations, HashAlgorithmName.SHA256, 32);
        byte[] message = Encoding.ASCII.GetBytes($"{bare},{serverFirst},{withoutProof}");
        byte[] stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] signature = HMACSHA256.HashData(stored, message);
        byte[] proof = Convert.FromBase64String(clientFinal[(withoutProof.Length + 3)..]);
        byte[] clientKey = [.. proof.Zip(signature, (p, s) => (byte)(p ^ s))];
        Assert.Equal(stored, SHA256.HashData(clientKey));

        byte[] serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), message);
        session.SendAuthentication(12, Encoding.ASCII.GetBytes($"v={Convert.ToBase64String(serverSignature)}"));
        return (mechanism, header);
    }
}
