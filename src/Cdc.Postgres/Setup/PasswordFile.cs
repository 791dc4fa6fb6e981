using System.Globalization;
using System.Text;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Setup;

/// <summary>libpq's password file: lines of <c>host:port:database:user:password</c>, first match wins.</summary>
internal static class PasswordFile
{
    const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The password for this place, or null. A file that others may read is left aside, with a
    /// warning.</summary>
    public static string? Find(
        PgEndpoint endpoint, string? path, Func<string, string?> environment, List<string> warnings)
    {
        path ??= DefaultPath(environment);
        if (path is null) return null;
        try
        {
            if (!File.Exists(path)) return null;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            {
                warnings.Add($"The password file {path} is left aside: others may read it. Run chmod 600 on it.");
                return null;
            }
            return Find(endpoint, File.ReadLines(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            warnings.Add($"The password file {path} can't be read.");
            return null;
        }
    }

    internal static string? Find(PgEndpoint endpoint, IEnumerable<string> lines)
    {
        string host = endpoint.IsUnixSocket ? "localhost" : endpoint.Host;
        string port = endpoint.Port.ToString(CultureInfo.InvariantCulture);
        foreach (string line in lines)
        {
            if (line.StartsWith('#')) continue;
            List<string> fields = Split(line);
            if (fields.Count != 5) continue;
            bool isHere = Matches(fields[0], host) || (endpoint.IsUnixSocket && Matches(fields[0], endpoint.Host));
            if (isHere && Matches(fields[1], port) && Matches(fields[2], endpoint.Database)
                && Matches(fields[3], endpoint.User))
            {
                return Unescape(fields[4]);
            }
        }
        return null;
    }

    static bool Matches(string field, string value) => field == "*" || Unescape(field) == value;

    // The password is the rest of the line up to the next bare colon, as libpq reads it.
    static List<string> Split(string line)
    {
        List<string> fields = [];
        int start = 0;
        for (int i = 0; i <= line.Length; i++)
        {
            if (i + 1 < line.Length && line[i] == '\\') i++;
            else if (i == line.Length || line[i] == ':')
            {
                fields.Add(line[start..i]);
                start = i + 1;
                if (fields.Count == 5) break;
            }
        }
        return fields;
    }

    static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal)) return field;
        StringBuilder text = new();
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 1 < field.Length) i++;
            text.Append(field[i]);
        }
        return text.ToString();
    }

    static string? DefaultPath(Func<string, string?> environment)
    {
        if (OperatingSystem.IsWindows())
        {
            return environment("APPDATA") is { Length: > 0 } data
                ? Path.Combine(data, "postgresql", "pgpass.conf")
                : null;
        }
        return environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".pgpass") : null;
    }
}
