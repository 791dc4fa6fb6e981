using System.Diagnostics;

namespace Cdc.Testing;

/// <summary>One postmaster, which never outlives the process that started it.</summary>
sealed class PostgresServerProcess : IDisposable
{
    // The shell leaves a guard behind and becomes the postmaster, so that the process we hold is the postmaster
    // itself. The guard reads the pipe that only we hold open: a line says that all is well, an end that we died.
    // Started twice removed, so that the postmaster never sees it as a child of its own.
    const string Guarded =
        """
        exec 3<&0 </dev/null
        server=$$; root=$1; log=$2; shift 2
        ( (
          read -r _ <&3 && exit 0
          kill -QUIT "$server" 2>/dev/null
          while kill -0 "$server" 2>/dev/null; do sleep 0.1; done
          rm -rf "$root"
        ) >/dev/null 2>&1 & )
        exec 3<&- "$@" >>"$log" 2>&1
        """;

    readonly Process _process;
    readonly PostgresBinaries _binaries;
    readonly string _data;
    bool _guardAbandoned;

    PostgresServerProcess(Process process, PostgresBinaries binaries, string data) =>
        (_process, _binaries, _data) = (process, binaries, data);

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static PostgresServerProcess Start(
        PostgresBinaries binaries, ServerAccount account, string root, string data, string log)
    {
        (string file, IEnumerable<string> arguments) = OperatingSystem.IsWindows()
            ? (binaries.Postgres, ["-D", data])
            : account.Command("/bin/sh", ["-c", Guarded, "sh", root, log, binaries.Postgres, "-D", data]);
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, WorkingDirectory = root };
        Process process = Process.Start(start) ?? throw new InvalidOperationException("postgres did not start.");
        return new(process, binaries, data);
    }

    /// <summary>False when the server ended before it was ready.</summary>
    public async Task<bool> WaitUntilReadyAsync(TimeSpan timeout)
    {
        string file = Path.Combine(_data, "postmaster.pid");
        long start = Stopwatch.GetTimestamp();
        while (!IsReady(file))
        {
            if (_process.HasExited) return false;
            if (Stopwatch.GetElapsedTime(start) > timeout) throw new TimeoutException("postgres is not ready.");
            await Task.Delay(5);
        }
        return true;
    }

    public async Task StopAsync(PostgresStop mode)
    {
        if (OperatingSystem.IsWindows())
        {
            string word = mode switch
            {
                PostgresStop.Smart => "smart",
                PostgresStop.Fast => "fast",
                PostgresStop.Immediate => "immediate",
            };
            await ProcessRun.RunAsync(_binaries.PgCtl, ["stop", "-D", _data, "-m", word]);
        }
        else
        {
            Signal(mode switch
            {
                PostgresStop.Smart => Testing.Signal.Terminate,
                PostgresStop.Fast => Testing.Signal.Interrupt,
                PostgresStop.Immediate => Testing.Signal.Quit,
            });
        }
        await WaitForExitAsync();
    }

    /// <summary>SIGKILL to the postmaster and then to what it started, as when the machine loses power.</summary>
    public async Task KillAsync()
    {
        // The children notice the postmaster's death by themselves, but later than the next start would like.
        _process.Kill(entireProcessTree: true);
        await WaitForExitAsync();
    }

    /// <summary>Lets go of the guard's pipe, as dying would.</summary>
    public void AbandonGuard()
    {
        _guardAbandoned = true;
        _process.StandardInput.Close();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        DismissGuard();
        _process.Dispose();
    }

    async Task WaitForExitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(limit.Token);
    }

    // Without this line the guard would take the end of the pipe for our death and delete the directory.
    void DismissGuard()
    {
        if (_guardAbandoned) return;
        try
        {
            _process.StandardInput.WriteLine("ended");
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The guard never came up, as when the shell could not start the server.
        }
    }

    void Signal(Signal signal)
    {
        if (!_process.HasExited) Posix.TryKill(_process.Id, signal);
    }

    bool IsReady(string file)
    {
        try
        {
            string[] lines = File.ReadAllLines(file);
            return lines.Length >= 8 && lines[0].Trim() == $"{_process.Id}" && lines[7].Trim() == "ready";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
