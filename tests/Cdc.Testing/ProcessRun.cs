using System.Diagnostics;
using System.Text;

namespace Cdc.Testing;

/// <summary>What a finished command left behind.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <summary>Throws with everything the command said, unless it exited with 0.</summary>
    public ProcessResult Expect0(string what) => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"{what} exited with {ExitCode}.\n{Output}{Error}");
}

/// <summary>One command under test: its output is captured from the first byte, and it ends with this object.</summary>
public sealed class ProcessRun : IAsyncDisposable
{
    readonly Process _process;
    readonly StringBuilder _output = new();
    readonly StringBuilder _error = new();
    readonly Task _captured;

    ProcessRun(Process process)
    {
        _process = process;
        _captured = Task.WhenAll(
            CaptureAsync(process.StandardOutput, _output), CaptureAsync(process.StandardError, _error));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>What came so far; complete once the command has ended.</summary>
    public string Output => Snapshot(_output);

    /// <inheritdoc cref="Output"/>
    public string Error => Snapshot(_error);

    /// <param name="environment">Added to this process's own; null as a value removes a variable.</param>
    public static ProcessRun Start(string file, IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null, string? directory = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return new(Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start."));
    }

    /// <summary>Runs a command to its end. After <paramref name="timeout"/> it is killed and this throws.</summary>
    public static async Task<ProcessResult> RunAsync(string file, IEnumerable<string> arguments,
        TimeSpan? timeout = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using ProcessRun run = Start(file, arguments, environment);
        run.Input.Close();
        return await run.WaitAsync(timeout);
    }

    /// <summary>Waits for the end (60 s unless told). A command that takes longer is killed and this throws.</summary>
    public async Task<ProcessResult> WaitAsync(TimeSpan? timeout = null)
    {
        using var limit = new CancellationTokenSource(timeout ?? TimeSpan.FromSeconds(60));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            await _captured.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            string said = Output + Error;
            throw new TimeoutException($"{_process.StartInfo.FileName} did not end in time.\n{said}");
        }
        return new(_process.ExitCode, Output, Error);
    }

    /// <summary>Waits until the output holds the text.</summary>
    public async Task WaitForOutputAsync(string text, TimeSpan? timeout = null)
    {
        using var limit = new CancellationTokenSource(timeout ?? TimeSpan.FromSeconds(60));
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (limit.IsCancellationRequested || (HasExited && _captured.IsCompleted))
                throw new TimeoutException($"'{text}' did not come.\n{Output}{Error}");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    /// <summary>Sends a signal to the command itself, not to its children. Not for Windows.</summary>
    public void Send(Signal signal)
    {
        if (!_process.HasExited) Posix.TryKill(_process.Id, signal);
    }

    /// <summary>Ends the command and its children at once.</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    static async Task CaptureAsync(StreamReader reader, StringBuilder into)
    {
        char[] buffer = new char[4096];
        for (int read; (read = await reader.ReadAsync(buffer)) > 0;)
        {
            lock (into) into.Append(buffer, 0, read);
        }
    }

    static string Snapshot(StringBuilder text)
    {
        lock (text) return text.ToString();
    }
}
