using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Runs the real command in a process that may end at a marked step.</summary>
/// <param name="more">Options for every run.</param>
sealed class RigProcess(string directory, string from, params string[] more)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // 128 + SIGKILL.
    const int Killed = 137;

    public string Output => Path.Combine(directory, "out");

    /// <summary>Small files after short intervals, so that every step comes often.</summary>
    public static IReadOnlyList<string> FilesCloseOften { get; } = ["--rotate-bytes", "100kB", "--rotate-interval", "200ms"];

    /// <summary>Only a table's copy, a TRUNCATE or the end of the run closes a file.</summary>
    public static IReadOnlyList<string> FilesStayOpen { get; } = ["--rotate-bytes", "1GB", "--rotate-interval", "1h"];

    /// <summary>Runs until it is killed at <paramref name="point"/>; it must not end in any other way.</summary>
    public async Task KillAtAsync(string point)
    {
        await using ProcessRun run = Start(point);
        ProcessResult result;
        try
        {
            result = await run.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw Ended(run, $"was still running after {Patience.TotalSeconds} s, and had not come to {point}");
        }
        if (result.ExitCode != Killed)
            throw Ended(run, $"ended before it came to {point}, with exit code {result.ExitCode}");
    }

    /// <summary>Throws with what the run said if it has ended by itself: nobody waits for its next step for
    /// ever.</summary>
    public static void MustRun(ProcessRun run)
    {
        if (run.HasExited) throw Ended(run, "ended, and should be running");
    }

    /// <param name="once">Options for this run instead of <see cref="FilesCloseOften"/>.</param>
    public ProcessRun Start(string? point, IReadOnlyList<string>? once = null) => ProcessRun.Start(
        CdcCommand.Host,
        [
            Path.Combine(AppContext.BaseDirectory, "Cdc.Rig.dll"), "run", "--from", from, "--to", Output,
            "--state", Path.Combine(directory, "state"), "--tables", "shop",
            .. more, .. once ?? FilesCloseOften,
        ],
        new Dictionary<string, string?> { ["CDC_RIG_KILL"] = point }, directory);

    /// <summary>Runs to the end of what is committed now.</summary>
    public async Task CatchUpAsync()
    {
        await using ProcessRun run = Start(null, [.. FilesCloseOften, "--until", "now"]);
        ProcessResult result = await run.WaitAsync(Patience);
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}\n{result.Error}");
    }

    /// <summary>Removes all that was made in the source.</summary>
    public async Task DropAsync()
    {
        ProcessResult result = await ProcessRun.RunAsync(
            CdcCommand.Host, [Path.Combine(AppContext.BaseDirectory, "Cdc.Rig.dll"), "drop", "--from", from, "--all"], Patience);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    static InvalidOperationException Ended(ProcessRun run, string how) => new($"The run {how}.\n{run.Error}");
}
