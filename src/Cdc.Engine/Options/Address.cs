using System.Collections.Immutable;

namespace Cdc.Engine.Options;

/// <summary>Where to read or write, taken apart: what kind of place, which one, and the options that travel in the
/// URL.</summary>
/// <param name="Scheme"><c>postgres</c>, <c>demo</c>, <c>file</c>, <c>stdout</c>, <c>blackhole</c>.</param>
/// <param name="Place">What the connector gets: the URL without our own parameters, a connection string, a path, or
/// nothing.</param>
/// <param name="Parameters">The parameters of the URL, in order, unescaped.</param>
public sealed record Address(string Scheme, string Place, ImmutableArray<KeyValuePair<string, string>> Parameters)
{
    public const string Postgres = "postgres";
    public const string Demo = "demo";
    public const string Files = "file";
    public const string Stdout = "stdout";
    public const string Blackhole = "blackhole";

    /// <summary>Takes a source's address apart.</summary>
    /// <exception cref="FormatException">It is no address of a source; the message says what one looks
    /// like.</exception>
    public static Address ReadSource(string text)
    {
        if (text is Demo) return new(Demo, "", []);
        string? scheme = SchemeOf(text);
        if (scheme is Demo) return new(Demo, "", ParametersOf(text));
        if (scheme is Postgres or "postgresql") return new(Postgres, text, ParametersOf(text));
        if (scheme is null && text.Contains('=', StringComparison.Ordinal)) return new(Postgres, text, []);
        string hint = scheme is null ? "" : NearestName.Hint(scheme, [Postgres, Demo]);
        throw new FormatException(
            $"postgres://user@host/database, a .NET connection string, or demo:. {hint}".TrimEnd());
    }

    /// <summary>Takes a target's address apart. What is no URL is a path.</summary>
    /// <exception cref="FormatException">It is no address of a target; the message says what one looks
    /// like.</exception>
    public static Address ReadTarget(string text)
    {
        if (text is Stdout or "-") return new(Stdout, "", []);
        if (text is Blackhole) return new(Blackhole, "", []);
        string? scheme = SchemeOf(text);
        if (scheme is Postgres or "postgresql") return new(Postgres, text, ParametersOf(text));
        if (scheme is null && IsConnectionString(text)) return new(Postgres, text, []);
        if (scheme is null) return new(Files, text, []);
        if (scheme is Stdout or Blackhole) return new(scheme, "", ParametersOf(text));
        if (scheme is Files && PathOf(text) is { Length: > 0 } path) return new(Files, path, ParametersOf(text));
        string hint = NearestName.Hint(scheme, [Stdout, Files, Blackhole, Postgres]);
        throw new FormatException(
            $"a directory, file:<directory>, stdout, blackhole, or postgres://user@host/database. {hint}".TrimEnd());
    }

    /// <summary>The URL without the parameters that <paramref name="isOurs"/> names.</summary>
    public Address Without(Func<string, bool> isOurs)
    {
        if (!Parameters.Any(parameter => isOurs(parameter.Key))) return this;
        int query = Place.IndexOf('?', StringComparison.Ordinal);
        if (query < 0) return this with { Parameters = Parameters.RemoveAll(p => isOurs(p.Key)) };
        string[] kept = [.. Place[(query + 1)..].Split('&').Where(part =>
            !isOurs(Uri.UnescapeDataString(part.Split('=')[0])))];
        string place = kept.Length == 0 ? Place[..query] : $"{Place[..query]}?{string.Join('&', kept)}";
        return this with { Place = place, Parameters = Parameters.RemoveAll(p => isOurs(p.Key)) };
    }

    // A directory may have an equals sign in its name; one that begins with a host's keyword is not meant.
    static bool IsConnectionString(string text)
    {
        int sign = text.IndexOf('=', StringComparison.Ordinal);
        return sign > 0 && text[..sign].Trim().ToLowerInvariant()
            is "host" or "server" or "database" or "username" or "user id" or "port" or "password";
    }

    // A single letter is a drive, not a scheme.
    static string? SchemeOf(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 2) return null;
        foreach (char c in text.AsSpan(0, colon))
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-')) return null;
        }
        return text[..colon].ToLowerInvariant();
    }

    static string PathOf(string url)
    {
        string path = url[(url.IndexOf(':', StringComparison.Ordinal) + 1)..];
        int query = path.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0) path = path[..query];
        if (path.StartsWith("//", StringComparison.Ordinal)) path = path[2..];
        return Uri.UnescapeDataString(path);
    }

    static ImmutableArray<KeyValuePair<string, string>> ParametersOf(string url)
    {
        int query = url.IndexOf('?', StringComparison.Ordinal);
        if (query < 0) return [];
        return
        [
            .. url[(query + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(part => part.Split('=', 2))
                .Select(pair => KeyValuePair.Create(
                    Uri.UnescapeDataString(pair[0]), pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : "true")),
        ];
    }
}
