using System.Diagnostics;

namespace Cdc.Testing;

/// <summary>One data directory per test process, made by initdb once and copied for each cluster.</summary>
static class PostgresTemplate
{
    static readonly SemaphoreSlim Gate = new(1);
    static readonly Dictionary<string, string> Templates = [];

    // Held, so that their pipes stay open as long as this process lives.
    static readonly List<Process> Guards = [];

    /// <summary>Fills <paramref name="target"/>, which must not exist yet, with a fresh data directory.</summary>
    public static async Task CopyAsync(PostgresBinaries binaries, ServerAccount account, string target)
    {
        string template = await GetAsync(binaries, account);
        await CopyDirectoryAsync(account, template, target);
    }

    /// <summary>Copies a data directory as the server's user, with owners and modes.</summary>
    public static async Task CopyDirectoryAsync(ServerAccount account, string from, string to)
    {
        if (OperatingSystem.IsWindows())
            (await ProcessRun.RunAsync("xcopy", [from, to + "\\", "/E", "/I", "/Q", "/H"])).Expect0("xcopy");
        else
            (await account.RunAsync("cp", "-a", from, to)).Expect0("cp");
    }

    static async Task<string> GetAsync(PostgresBinaries binaries, ServerAccount account)
    {
        await Gate.WaitAsync();
        try
        {
            if (Templates.TryGetValue(binaries.Directory, out string? made)) return made;
            var root = new TemporaryDirectory("cdc-pg-template-");
            DeleteAtOurEnd(root);
            account.Own(root.Path);
            string data = root.File("data");
            ProcessResult initdb = await account.RunAsync(binaries.Initdb,
                "-D", data, "-U", PostgresCluster.Superuser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                "--no-sync", "--no-instructions");
            // C.UTF-8 is not everywhere (macOS before 15, Windows); C behaves the same in everything we compare.
            if (initdb.ExitCode != 0)
            {
                (await account.RunAsync(binaries.Initdb,
                    "-D", data, "-U", PostgresCluster.Superuser, "-A", "trust", "-E", "UTF8", "--locale=C",
                    "--no-sync", "--no-instructions")).Expect0("initdb");
            }
            return Templates[binaries.Directory] = data;
        }
        finally
        {
            Gate.Release();
        }
    }

    // By a shell that waits for the end of a pipe that only we hold open, so that it happens however we end. In our own
    // last moments it takes longer than a test runner likes, which then reports threads that were left running.
    static void DeleteAtOurEnd(TemporaryDirectory root)
    {
        if (OperatingSystem.IsWindows())
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => root.Dispose();
            return;
        }
        ProcessStartInfo guard = new("/bin/sh", ["-c", "trap '' INT HUP TERM; read -r _; rm -rf \"$1\"", "sh", root.Path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Guards.Add(Process.Start(guard) ?? throw new InvalidOperationException("/bin/sh did not start."));
    }
}
