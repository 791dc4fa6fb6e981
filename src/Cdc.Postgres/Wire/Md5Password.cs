using System.Security.Cryptography;
using System.Text;

namespace Cdc.Postgres.Wire;

/// <summary>The answer to an md5 challenge: md5(md5(password + user) + salt), in hex.</summary>
internal static class Md5Password
{
    public static string Answer(string user, string password, ReadOnlySpan<byte> salt)
    {
        // The server chose the method; nothing here makes MD5 safe.
#pragma warning disable CA5351
        byte[] secret = MD5.HashData(Encoding.UTF8.GetBytes(password + user));
        byte[] salted = [.. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret)), .. salt];
        return "md5" + Convert.ToHexStringLower(MD5.HashData(salted));
#pragma warning restore CA5351
    }
}
