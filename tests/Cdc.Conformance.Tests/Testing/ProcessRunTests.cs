using Cdc.Testing;

namespace Cdc.Conformance.Tests.Testing;

public sealed class ProcessRunTests
{
    [Fact]
    public async Task Output_error_and_exit_code_are_kept()
    {
        ProcessResult result = await ProcessRun.RunAsync("sh", ["-c", "echo out; echo err >&2; exit 3"]);
        Assert.Equal(new ProcessResult(3, "out\n", "err\n"), result);
    }

    [Fact]
    public async Task A_command_that_does_not_end_is_killed_and_said()
    {
        await Assert.ThrowsAsync<TimeoutException>(
            () => ProcessRun.RunAsync("sleep", ["600"], TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task A_signal_reaches_the_command()
    {
        await using ProcessRun run = ProcessRun.Start("sh", ["-c", "trap 'echo caught; exit 7' INT; echo up; read x"]);
        await run.WaitForOutputAsync("up");
        run.Send(Signal.Interrupt);
        run.Input.Close();
        ProcessResult result = await run.WaitAsync();
        Assert.Equal(7, result.ExitCode);
        Assert.Contains("caught", result.Output);
    }
}
