namespace Cdc.Testing;

/// <summary>Where the programs of one PostgreSQL installation are.</summary>
public sealed record PostgresBinaries(string Directory)
{
    const int NewestMajor = 18;
    const int OldestMajor = 14;

    static string Suffix => OperatingSystem.IsWindows() ? ".exe" : "";

    public string Initdb => this["initdb"];

    public string Postgres => this["postgres"];

    public string PgCtl => this["pg_ctl"];

    /// <summary>Any other program of the installation: <c>pg_recvlogical</c>, <c>psql</c>, <c>pgbench</c>.</summary>
    public string this[string program] => Path.Combine(Directory, program + Suffix);

    /// <summary>CDC_TEST_POSTGRES_BIN when set, and nothing else then; the usual places, newest first; PATH.</summary>
    /// <exception cref="ServerMissingException">None of them holds a server.</exception>
    public static PostgresBinaries Find()
    {
        string? told = Environment.GetEnvironmentVariable("CDC_TEST_POSTGRES_BIN");
        if (!string.IsNullOrEmpty(told))
        {
            return IsServer(told)
                ? new(told)
                : throw new ServerMissingException($"CDC_TEST_POSTGRES_BIN={told} holds no initdb and postgres.");
        }
        string? found = UsualPlaces().Concat(PathPlaces()).FirstOrDefault(IsServer);
        return found is not null
            ? new(found)
            : throw new ServerMissingException(
                "No PostgreSQL server (initdb and postgres) is installed here. " +
                "Install one, or set CDC_TEST_POSTGRES_BIN to the directory of its programs.");
    }

    static bool IsServer(string directory) =>
        File.Exists(Path.Combine(directory, "initdb" + Suffix)) &&
        File.Exists(Path.Combine(directory, "postgres" + Suffix));

    static IEnumerable<string> UsualPlaces()
    {
        for (int major = NewestMajor; major >= OldestMajor; major--)
        {
            if (OperatingSystem.IsWindows())
            {
                string programs = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
                yield return Path.Combine(programs, "PostgreSQL", $"{major}", "bin");
                continue;
            }
            yield return $"/usr/lib/postgresql/{major}/bin";
            yield return $"/usr/pgsql-{major}/bin";
            yield return $"/opt/homebrew/opt/postgresql@{major}/bin";
            yield return $"/usr/local/opt/postgresql@{major}/bin";
            yield return $"/Library/PostgreSQL/{major}/bin";
            yield return $"/Applications/Postgres.app/Contents/Versions/{major}/bin";
        }
        if (!OperatingSystem.IsWindows()) yield return "/usr/local/pgsql/bin";
    }

    static IEnumerable<string> PathPlaces() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
}
