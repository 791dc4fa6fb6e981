namespace Cdc.Postgres.Setup;

/// <summary>Reads libpq's URL form. Not <see cref="Uri"/>: that refuses sockets, lower-cases and re-escapes.</summary>
internal static class AddressUrl
{
    static readonly string[] Schemes = ["postgres://", "postgresql://"];

    public static bool IsUrl(string text) =>
        Schemes.Any(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    public static void Read(string text, AddressParts parts)
    {
        string rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        if (rest.Contains('#', StringComparison.Ordinal))
            parts.Problem("a '#' must be written as %23");
        (rest, string? query) = Cut(rest, '?');
        (string authority, string? database) = Cut(rest, '/');
        int at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            (string user, string? password) = Cut(authority[..at], ':');
            Set(parts, "user", user);
            Set(parts, "password", password);
        }
        ReadPlace(authority[(at + 1)..], parts);
        Set(parts, "dbname", database);
        foreach (string pair in (query ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries)) ReadPair(pair, parts);
    }

    static void ReadPlace(string place, AddressParts parts)
    {
        if (!place.StartsWith('['))
        {
            (string host, string? port) = Cut(place, ':');
            if (port is not null && port.Contains(':', StringComparison.Ordinal))
                parts.Problem("an IPv6 address stands in brackets: [::1]:5432");
            Set(parts, "host", host);
            Set(parts, "port", port);
            return;
        }
        int close = place.IndexOf(']');
        string behind = close < 0 ? "" : place[(close + 1)..];
        if (close < 0 || (behind.Length > 0 && behind[0] != ':'))
        {
            parts.Problem("the bracket of the IPv6 address is not closed before the port");
            return;
        }
        Set(parts, "host", place[1..close]);
        if (behind.Length > 1) Set(parts, "port", behind[1..]);
    }

    static void ReadPair(string pair, AddressParts parts)
    {
        (string name, string? value) = Cut(pair, '=');
        if (value is null) parts.Problem($"'{name}' has no value");
        else if (name is "ssl" && value is "true") parts.Set("sslmode", "require");
        else Set(parts, name, value);
    }

    static void Set(AddressParts parts, string name, string? escaped)
    {
        if (escaped is null) return;
        // A '%' without two digits is a password pasted as it is: better refused than misread.
        for (int i = escaped.IndexOf('%'); i >= 0; i = escaped.IndexOf('%', i + 1))
        {
            if (IsEscape(escaped.AsSpan(i))) continue;
            parts.Problem($"a '%' in the {name} must be written as %25");
            return;
        }
        parts.Set(name, Uri.UnescapeDataString(escaped));
    }

    static bool IsEscape(ReadOnlySpan<char> text) =>
        text.Length > 2 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]);

    static (string Before, string? After) Cut(string text, char separator)
    {
        int at = text.IndexOf(separator);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }
}
