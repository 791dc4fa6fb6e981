using System.Collections.Frozen;
using System.Globalization;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Setup;

/// <summary>The parts of an address as they are gathered, by libpq's names, with everything that is wrong with
/// them.</summary>
internal sealed class AddressParts
{
    /// <summary>A name, and the environment variable that stands in for it.</summary>
    static readonly FrozenDictionary<string, string?> Known = new Dictionary<string, string?>
    {
        ["host"] = "PGHOST",
        ["port"] = "PGPORT",
        ["dbname"] = "PGDATABASE",
        ["user"] = "PGUSER",
        ["password"] = "PGPASSWORD",
        ["passfile"] = "PGPASSFILE",
        ["sslmode"] = "PGSSLMODE",
        ["sslrootcert"] = "PGSSLROOTCERT",
        ["sslcert"] = "PGSSLCERT",
        ["sslkey"] = "PGSSLKEY",
        ["connect_timeout"] = "PGCONNECT_TIMEOUT",
        ["application_name"] = null,
    }.ToFrozenDictionary();

    static readonly FrozenDictionary<string, SslMode> SslModes = new Dictionary<string, SslMode>
    {
        ["disable"] = SslMode.Disable,
        ["allow"] = SslMode.Allow,
        ["prefer"] = SslMode.Prefer,
        ["require"] = SslMode.Require,
        ["verify-ca"] = SslMode.VerifyCa,
        ["verify-full"] = SslMode.VerifyFull,
    }.ToFrozenDictionary();

    const int LongestTimeout = 1024;

    readonly Dictionary<string, string> _values = [];
    readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    public string? PasswordFile => _values.GetValueOrDefault("passfile");

    public void Problem(string sentence) => _problems.Add(sentence);

    /// <summary>Takes one part. An unknown name is a problem; an empty value stands for none.</summary>
    public void Set(string name, string value)
    {
        if (!Known.ContainsKey(name))
        {
            Problem($"'{name}' is not a part of an address (known are {string.Join(", ", Known.Keys.Order())})");
            return;
        }
        if (value.Contains('\0', StringComparison.Ordinal)) Problem($"{name} holds a zero byte");
        else if (value.Length > 0) _values[name] = value;
    }

    /// <summary>What the address leaves open.</summary>
    public void FillFrom(Func<string, string?> environment)
    {
        foreach ((string name, string? variable) in Known)
        {
            if (variable is null || _values.ContainsKey(name)) continue;
            if (environment(variable) is { Length: > 0 } value) _values[name] = value;
        }
        _values.TryAdd("host", "localhost");
        _values.TryAdd("user", Environment.UserName);
        _values.TryAdd("dbname", _values["user"]);
        Validate();
    }

    public PgEndpoint ToEndpoint() => new()
    {
        Host = _values["host"],
        Port = _values.TryGetValue("port", out string? port) ? Number(port) : PgEndpoint.DefaultPort,
        Database = _values["dbname"],
        User = _values["user"],
        Password = _values.GetValueOrDefault("password"),
        SslMode = _values.TryGetValue("sslmode", out string? mode) ? SslModes[mode] : SslMode.Prefer,
        RootCertificate = _values.GetValueOrDefault("sslrootcert"),
        ClientCertificate = _values.GetValueOrDefault("sslcert"),
        ClientKey = _values.GetValueOrDefault("sslkey"),
        ApplicationName = _values.GetValueOrDefault("application_name", "cdc"),
        ConnectTimeout = TimeSpan.FromSeconds(
            _values.TryGetValue("connect_timeout", out string? timeout) ? Number(timeout) : 15),
    };

    public static string NameOf(SslMode mode) => SslModes.First(pair => pair.Value == mode).Key;

    void Validate()
    {
        // libpq's other form, host=… user=…, reads as one long host. It is not repeated: the password may be in it.
        if (!_values["host"].StartsWith('/') && _values["host"].AsSpan().IndexOfAny(' ', '=') >= 0)
            Problem("the host holds a space or '=': the parts of a connection string are separated by ';'");
        if (_values["host"].Contains(',', StringComparison.Ordinal))
            Problem("several hosts are given, and a log has to be read from one: name the primary");
        if (_values.TryGetValue("port", out string? port) && Number(port) is < 1 or > ushort.MaxValue)
            Problem("the port is not a number from 1 to 65535");
        if (_values.TryGetValue("sslmode", out string? mode) && !SslModes.ContainsKey(mode))
            Problem($"sslmode is none of {string.Join(", ", SslModes.Keys)}");
        if (_values.TryGetValue("connect_timeout", out string? timeout) && Number(timeout) is < 1 or > LongestTimeout)
            Problem($"connect_timeout is not a number of seconds from 1 to {LongestTimeout}");
    }

    // -1 for what is no number, which every rule refuses.
    static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
