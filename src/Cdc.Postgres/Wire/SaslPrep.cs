using System.Text;

namespace Cdc.Postgres.Wire;

/// <summary>The part of SASLprep (RFC 4013) that changes passwords.</summary>
/// <remarks>
/// What it forbids stays as typed, as in libpq.
/// A process with invariant globalization, as the command has, knows no normal forms: there a password is taken in
/// the form it was typed in, which differs from the server's for ligatures, width variants and loose accents only.
/// </remarks>
internal static class SaslPrep
{
    public static string Normalize(string password)
    {
        if (Ascii.IsValid(password)) return password;
        var mapped = new StringBuilder(password.Length);
        foreach (char c in password)
        {
            if (IsMappedToNothing(c)) continue;
            mapped.Append(IsOtherSpace(c) ? ' ' : c);
        }
        try
        {
            return mapped.ToString().Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return password; // Not well-formed UTF-16.
        }
    }

    // RFC 3454, table B.1.
    static bool IsMappedToNothing(char c) => c is '\u00AD' or '\u034F' or '\u1806' or '\u2060' or '\uFEFF'
        or (>= '\u180B' and <= '\u180D') or (>= '\u200B' and <= '\u200D') or (>= '\uFE00' and <= '\uFE0F');

    // RFC 3454, table C.1.2; U+200B is in both tables, and PostgreSQL too lets the other one win.
    static bool IsOtherSpace(char c) => c is '\u00A0' or '\u1680' or '\u202F' or '\u205F' or '\u3000'
        or (>= '\u2000' and <= '\u200A');
}
