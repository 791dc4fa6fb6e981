using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Runs the command as a user whom the modes of files bind: root is none.</summary>
static class PlainUser
{
    const string Nobody = "65534";

    const UnixFileMode Reading = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Nobody but root may change the directory.</summary>
    public static void Close(string directory)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(directory, Reading);
    }

    public static void Open(string directory)
    {
        const UnixFileMode Writing = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(directory, Reading | Writing);
    }

    public static async Task<ProcessResult> RunAsync(CdcCommand cdc, string[] arguments)
    {
        if (!Environment.IsPrivilegedProcess) return await cdc.RunAsync(arguments);
        await using ProcessRun run = ProcessRun.Start("setpriv",
            [
                $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups",
                CdcCommand.Host, CdcCommand.Program, .. arguments,
            ],
            new Dictionary<string, string?> { ["HOME"] = cdc.Directory }, cdc.Directory);
        run.Input.Close();
        return await run.WaitAsync(TimeSpan.FromSeconds(90));
    }
}
