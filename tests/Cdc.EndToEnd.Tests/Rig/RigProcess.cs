using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>Runs the real command in a process that may end at a marked step.</summary>
/// <param name="more">Options for every run.</param>
sealed class RigProcess(string directory, string from, params string[] more)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // Short intervals, so that every step comes often.
    static readonly string[] SmallFiles = ["--rotate-bytes", "100kB", "--rotate-interval", "200ms"];

    // 128 + SIGKILL.
    const int Killed = 137;

    /// <summary>Where it writes.</summary>
    public string Output { get; init; } = Path.Combine(directory, "out");

    bool IsFiles => !Output.Contains("://", StringComparison.Ordinal);

    /// <summary>Runs until it is killed at <paramref name="point"/>; it must not end in any other way.</summary>
    public async Task KillAtAsync(string point)
    {
        await using ProcessRun run = Start(point, []);
        ProcessResult result = await run.WaitAsync(Patience);
        Assert.True(result.ExitCode == Killed, $"{point} was not reached; exit code {result.ExitCode}.\n{result.Error}");
    }

    public ProcessRun Start(string? point, string[] once) => ProcessRun.Start(
        CdcCommand.Host,
        [
            Path.Combine(AppContext.BaseDirectory, "Cdc.Rig.dll"), "run", "--from", from, "--to", Output,
            "--state", Path.Combine(directory, "state"), "--tables", "shop",
            .. IsFiles ? SmallFiles : [], .. more, .. once,
        ],
        new Dictionary<string, string?> { ["CDC_RIG_KILL"] = point }, directory);

    /// <summary>Runs to the end of what is committed now.</summary>
    public async Task CatchUpAsync()
    {
        await using ProcessRun run = Start(null, ["--until", "now"]);
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
}
