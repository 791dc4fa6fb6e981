using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Cdc.Testing;

/// <summary>
/// A PostgreSQL server of one test: its own data directory and free loopback port, gone with this object, and with
/// this process should it die first.
/// </summary>
/// <remarks>The members may be called from several threads, except those that stop and start the server.</remarks>
public sealed class PostgresCluster : IAsyncDisposable
{
    public const string Superuser = "postgres";

    const int StartAttempts = 10;
    static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    readonly TemporaryDirectory _root;
    readonly ServerAccount _account;
    readonly PostgresClusterOptions _options;
    PostgresServerProcess? _server;

    PostgresCluster(TemporaryDirectory root, ServerAccount account, PostgresClusterOptions options)
    {
        (_root, _account, _options) = (root, account, options);
        Binaries = options.Binaries ?? PostgresBinaries.Find();
        DataDirectory = root.File("data");
        LogFile = root.File("server.log");
    }

    public PostgresBinaries Binaries { get; }

    public string DataDirectory { get; }

    public string LogFile { get; }

    public int Port { get; private set; }

    /// <summary>The directory of the Unix-domain socket; a libpq host that begins with a slash.</summary>
    public string SocketDirectory => _root.Path;

    /// <summary>The postmaster's process id.</summary>
    public int ProcessId => Server.Id;

    public bool IsRunning => _server is { HasExited: false };

    /// <summary>The authority that signed the server's certificate; null without TLS.</summary>
    public TestCertificates? Certificates { get; private init; }

    /// <summary>The authority's certificate as a file, for sslrootcert.</summary>
    public string AuthorityFile => _root.File("authority.pem");

    /// <summary>For Npgsql: the superuser on the database <c>postgres</c>.</summary>
    public string ConnectionString => ConnectionStringFor("postgres");

    /// <summary>For libpq and for cdc: the superuser on the database <c>postgres</c>, over TCP.</summary>
    public string Url => UrlFor("postgres");

    PostgresServerProcess Server => _server ?? throw new InvalidOperationException("The server is stopped.");

    /// <summary>Makes and starts a cluster; ready for connections when this completes.</summary>
    /// <exception cref="ServerMissingException">No server is installed.</exception>
    public static Task<PostgresCluster> StartAsync(PostgresClusterOptions? options = null) =>
        CreateAsync(options ?? new(), static (cluster) =>
            PostgresTemplate.CopyAsync(cluster.Binaries, cluster._account, cluster.DataDirectory));

    /// <summary>Starts a second cluster from a copy made by <see cref="CopyDataDirectoryAsync"/>.</summary>
    /// <remarks>The copy is moved, not copied again: one copy starts one cluster.</remarks>
    public static Task<PostgresCluster> StartFromAsync(string dataDirectory, PostgresClusterOptions? options = null) =>
        CreateAsync(options ?? new(), cluster =>
        {
            Directory.Move(dataDirectory, cluster.DataDirectory);
            return Task.CompletedTask;
        });

    public string ConnectionStringFor(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = OperatingSystem.IsWindows() ? "127.0.0.1" : SocketDirectory,
        Port = Port,
        Database = database,
        Username = Superuser,
        Timeout = 15,
        CommandTimeout = 120,
        // Nothing stays open behind a test's back, and a restarted server meets no dead connection.
        Pooling = false,
        // The databases with different settings must not bite the tests themselves.
        Options = "-c statement_timeout=0 -c lock_timeout=0 -c search_path=public",
    }.ConnectionString;

    public string UrlFor(string database, string user = Superuser) =>
        $"postgresql://{Uri.EscapeDataString(user)}@127.0.0.1:{Port}/{Uri.EscapeDataString(database)}";

    public Task CreateDatabaseAsync(string name) => ExecuteAsync($"CREATE DATABASE \"{name}\" TEMPLATE template0");

    /// <summary>A database in which every setting that could matter to a reader is unusual.</summary>
    public async Task CreateDifferentDatabaseAsync(string name)
    {
        await CreateDatabaseAsync(name);
        foreach ((string setting, string value) in PostgresDifferentSettings.All)
            await ExecuteAsync($"ALTER DATABASE \"{name}\" SET {setting} = {value}");
        try
        {
            const string locale = PostgresDifferentSettings.Monetary;
            await ExecuteAsync($"ALTER DATABASE \"{name}\" SET lc_monetary = '{locale}'");
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            // The machine has no such locale; then money looks the same everywhere on it.
        }
    }

    /// <summary>Runs statements (several, separated by semicolons) as superuser, in one implicit transaction.</summary>
    public async Task ExecuteAsync(string sql, string database = "postgres")
    {
        await using NpgsqlConnection connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The rows of one query, each cell as the server's text, null for NULL.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<string?>>> QueryAsync(string sql, string database = "postgres")
    {
        await using NpgsqlConnection connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<IReadOnlyList<string?>>();
        while (await reader.ReadAsync())
        {
            string?[] row = new string?[reader.FieldCount];
            for (int i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : reader.GetString(i);
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>The first cell of a query as text.</summary>
    public async Task<string?> ScalarAsync(string sql, string database = "postgres") =>
        (await QueryAsync(sql, database))[0][0];

    public async Task<NpgsqlConnection> OpenAsync(string database = "postgres")
    {
        var connection = new NpgsqlConnection(ConnectionStringFor(database));
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Stops the server; its data, port and settings stay for <see cref="StartAgainAsync"/>.</summary>
    public async Task StopAsync(PostgresStop mode = PostgresStop.Fast)
    {
        await Server.StopAsync(mode);
        Forget();
    }

    /// <summary>Kills the postmaster and all its processes at once; <see cref="StartAgainAsync"/> recovers.</summary>
    public async Task KillAsync()
    {
        await Server.KillAsync();
        Forget();
    }

    /// <summary>Starts a stopped or killed server on the port it had.</summary>
    public async Task StartAgainAsync()
    {
        if (_server is not null) throw new InvalidOperationException("The server runs already.");
        if (!await TryStartAsync()) throw new InvalidOperationException($"postgres did not start.\n{Log()}");
    }

    /// <summary>A copy of the data directory, as a backup would restore it. The server must be stopped.</summary>
    public async Task<string> CopyDataDirectoryAsync()
    {
        if (_server is not null) throw new InvalidOperationException("Stop the server before copying its data.");
        string copy = _root.File($"copy-{Guid.NewGuid():N}");
        await PostgresTemplate.CopyDirectoryAsync(_account, DataDirectory, copy);
        return copy;
    }

    /// <summary>What the server wrote to its log so far.</summary>
    public string Log()
    {
        if (!File.Exists(LogFile)) return "";
        using var log = new StreamReader(
            new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return log.ReadToEnd();
    }

    /// <summary>Rewrites pg_hba.conf and makes the server read it.</summary>
    public async Task ReloadHbaAsync(params IReadOnlyList<string> lines)
    {
        WriteHba(lines);
        await ExecuteAsync("SELECT pg_reload_conf()");
    }

    /// <summary>Does what the death of this process does to the server: it ends, and its directory goes.</summary>
    public void AbandonGuard() => Server.AbandonGuard();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await KillAsync();
        _root.Dispose();
    }

    static async Task<PostgresCluster> CreateAsync(
        PostgresClusterOptions options, Func<PostgresCluster, Task> fillDataDirectory)
    {
        ServerAccount account = await ServerAccount.GetAsync();
        var root = new TemporaryDirectory("cdc-pg-");
        var cluster = new PostgresCluster(root, account, options)
        {
            Certificates = options.Tls ? new TestCertificates() : null,
        };
        try
        {
            account.Own(root.Path);
            await fillDataDirectory(cluster);
            cluster.WriteHba(options.HbaLines);
            cluster.WriteCertificates();
            await cluster.StartOnFreePortAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    async Task StartOnFreePortAsync()
    {
        for (int attempt = 1; attempt <= StartAttempts; attempt++)
        {
            Port = FreePort();
            WriteSettings();
            if (await TryStartAsync()) return;
            // Someone else took the port between our look and the server's bind.
            if (!Log().Contains("Address already in use", StringComparison.Ordinal)) break;
        }
        throw new InvalidOperationException($"postgres did not start.\n{Log()}");
    }

    async Task<bool> TryStartAsync()
    {
        var server = PostgresServerProcess.Start(Binaries, _account, _root.Path, DataDirectory, LogFile);
        try
        {
            if (await server.WaitUntilReadyAsync(StartTimeout))
            {
                _server = server;
                return true;
            }
        }
        catch (TimeoutException)
        {
            server.Dispose();
            throw;
        }
        server.Dispose();
        return false;
    }

    void Forget()
    {
        _server?.Dispose();
        _server = null;
    }

    void WriteSettings()
    {
        var settings = new Dictionary<string, string>
        {
            ["listen_addresses"] = "'127.0.0.1'",
            ["port"] = $"{Port}",
            ["unix_socket_directories"] = OperatingSystem.IsWindows() ? "''" : $"'{SocketDirectory}'",
            ["wal_level"] = "logical",
            ["max_wal_senders"] = "16",
            ["max_replication_slots"] = "16",
            ["max_connections"] = "60",
            ["shared_buffers"] = "'64MB'",
            ["log_line_prefix"] = "'%m [%p] %q%u@%d '",
        };
        if (_options.Tls)
        {
            settings["ssl"] = "on";
            settings["ssl_cert_file"] = "'server.crt'";
            settings["ssl_key_file"] = "'server.key'";
            settings["ssl_ca_file"] = "'root.crt'";
        }
        foreach ((string name, string value) in _options.Settings) settings[name] = value;
        // The last of several lines counts, so ours stand behind what initdb or the copied cluster wrote.
        string ours = string.Concat(settings.Select(s => $"{s.Key} = {s.Value}\n"));
        File.AppendAllText(Path.Combine(DataDirectory, "postgresql.conf"), ours);
    }

    void WriteHba(IReadOnlyList<string>? lines)
    {
        string own = OperatingSystem.IsWindows()
            ? $"host all {Superuser} 127.0.0.1/32 trust\n"
            : $"local all {Superuser} trust\nlocal replication {Superuser} trust\n";
        lines ??= ["local all all trust", "host all all 127.0.0.1/32 trust",
            "local replication all trust", "host replication all 127.0.0.1/32 trust"];
        File.WriteAllText(Path.Combine(DataDirectory, "pg_hba.conf"), own + string.Join('\n', lines) + "\n");
    }

    void WriteCertificates()
    {
        if (Certificates is null) return;
        File.WriteAllText(AuthorityFile, Certificates.AuthorityPem);
        (string certificate, string key) = Certificates.ForServer(_options.TlsNames);
        WriteOwned("root.crt", Certificates.AuthorityPem);
        WriteOwned("server.crt", certificate);
        WriteOwned("server.key", key);

        void WriteOwned(string name, string text)
        {
            string path = Path.Combine(DataDirectory, name);
            File.WriteAllText(path, text);
            const UnixFileMode ownersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, ownersOnly);
            _account.Own(path);
        }
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
