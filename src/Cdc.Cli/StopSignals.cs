using System.Runtime.InteropServices;

namespace Cdc.Cli;

/// <summary>Wishes to stop: the first asks for a clean end, the second takes none.</summary>
sealed class StopSignals : IDisposable
{
    readonly CancellationTokenSource _first = new();
    readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<PosixSignalRegistration> _registrations = [];
    int _count;

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _first.Token;

    /// <summary>Completes with the second signal.</summary>
    public Task Again => _second.Task;

    public static StopSignals OfProcess()
    {
        StopSignals signals = new();
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            signals._registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                signals.Ask();
            }));
        }
        return signals;
    }

    public void Ask()
    {
        if (Interlocked.Increment(ref _count) == 1) _first.Cancel();
        else _second.TrySetResult();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _first.Dispose();
    }
}
