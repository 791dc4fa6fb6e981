using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>A directory in which little fits: a small file system where this user may mount one, and elsewhere a
/// limit on the size of files, which a process meets in the same calls.</summary>
sealed class SmallDisk : IAsyncDisposable
{
    readonly string _path;
    readonly bool _isMounted;

    SmallDisk(string path, bool isMounted) => (_path, _isMounted) = (path, isMounted);

    public static async Task<SmallDisk> MakeAsync(string path)
    {
        ProcessResult mounted = await ProcessRun.RunAsync(
            "bash", ["-c", $"mount -t tmpfs -o size=2m,mode=777 cdc-test '{path}'"]);
        return new(path, mounted.ExitCode == 0);
    }

    public async Task<ProcessResult> RunAsync(CdcCommand cdc, string[] arguments)
    {
        if (_isMounted) return await cdc.RunAsync(arguments);
        // In units of 1,024 bytes. The signal would end the process; without it the write fails.
        string[] shell = ["-c", "trap '' XFSZ; ulimit -f 700; exec \"$@\"", "bash", CdcCommand.Host, CdcCommand.Program];
        await using ProcessRun run = ProcessRun.Start("bash", [.. shell, .. arguments],
            // The runtime otherwise makes a large file for code that it compiles.
            new Dictionary<string, string?> { ["DOTNET_EnableWriteXorExecute"] = "0" }, cdc.Directory);
        run.Input.Close();
        return await run.WaitAsync(TimeSpan.FromSeconds(90));
    }

    /// <summary>Makes room.</summary>
    public async Task GrowAsync()
    {
        if (_isMounted) (await ProcessRun.RunAsync("mount", ["-o", "remount,size=64m", _path])).Expect0("remount");
    }

    public async ValueTask DisposeAsync()
    {
        if (_isMounted) (await ProcessRun.RunAsync("umount", [_path])).Expect0("umount");
    }
}
