using System.Collections.Frozen;
using System.Data.Common;

namespace Cdc.Postgres.Setup;

/// <summary>Reads a .NET connection string, as Npgsql spells it. What only concerns Npgsql's pool and types is left
/// aside.</summary>
internal static class AddressKeywords
{
    static readonly FrozenDictionary<string, string> Names = new Dictionary<string, string>
    {
        ["host"] = "host",
        ["server"] = "host",
        ["port"] = "port",
        ["database"] = "dbname",
        ["db"] = "dbname",
        ["username"] = "user",
        ["user name"] = "user",
        ["userid"] = "user",
        ["user id"] = "user",
        ["uid"] = "user",
        ["password"] = "password",
        ["psw"] = "password",
        ["pwd"] = "password",
        ["passfile"] = "passfile",
        ["ssl mode"] = "sslmode",
        ["sslmode"] = "sslmode",
        ["root certificate"] = "sslrootcert",
        ["ssl certificate"] = "sslcert",
        ["ssl key"] = "sslkey",
        ["timeout"] = "connect_timeout",
        ["application name"] = "application_name",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    static readonly FrozenSet<string> LeftAside = new[]
    {
        "pooling", "minimum pool size", "maximum pool size", "connection idle lifetime", "connection pruning interval",
        "connection lifetime", "command timeout", "internal command timeout", "cancellation timeout", "enlist",
        "include error detail", "keepalive", "max auto prepare", "multiplexing", "no reset on close",
        "tcp keepalive", "tcp keepalive time", "tcp keepalive interval", "trust server certificate", "encoding",
        "client encoding", "timezone", "search path", "options", "persist security info", "log parameters",
        "include realm", "read buffer size", "write buffer size",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool IsKeywords(string text) =>
        !text.Contains("://", StringComparison.Ordinal) && text.Contains('=', StringComparison.Ordinal);

    public static void Read(string text, AddressParts parts)
    {
        DbConnectionStringBuilder pairs = [];
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            // Its message quotes the text, password and all.
            parts.Problem("the connection string is not name=value;name=value");
            return;
        }
        foreach (string name in pairs.Keys)
        {
            string value = pairs[name].ToString() ?? "";
            if (Names.TryGetValue(name, out string? known)) parts.Set(known, Respell(known, value));
            else if (!LeftAside.Contains(name)) parts.Problem(Unknown(name));
        }
    }

    static string Respell(string name, string value) =>
        name != "sslmode" ? value : value.ToLowerInvariant() switch
        {
            "verifyca" => "verify-ca",
            "verifyfull" => "verify-full",
            string other => other,
        };

    static string Unknown(string name) =>
        name is "dbname" or "user"
            ? $"'{name}' is libpq's word; a .NET connection string says {(name is "user" ? "Username" : "Database")}"
            : $"'{name}' is not a part of an address";
}
