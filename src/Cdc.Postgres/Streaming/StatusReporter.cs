using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Streaming;

/// <summary>Tells the server how far we are: on a timer of its own, so that a stream whose receiver stands still is not
/// taken for dead, and at once when the server asks.</summary>
/// <remarks>
/// All three positions of a status are the confirmed one. <c>flush</c> is what the server forgets up to. <c>write</c>
/// would be safe to hurry ahead, but it is what a commit waits for under <c>synchronous_commit = remote_write</c>
/// where our name matches synchronous_standby_names, and received is not written. <c>apply</c> likewise.
/// </remarks>
internal sealed class StatusReporter : IDisposable
{
    readonly Lock _gate = new();
    readonly PgCopyBoth _copy;
    readonly SafePositions _positions;
    readonly ITimer _timer;
    bool _stopped;

    public StatusReporter(PgCopyBoth copy, SafePositions positions, TimeSpan interval, TimeProvider clock)
    {
        (_copy, _positions) = (copy, positions);
        _timer = clock.CreateTimer(static self => ((StatusReporter)self!).Send(), this, interval, interval);
    }

    public void Send(bool replyRequested = false)
    {
        lock (_gate)
        {
            if (_stopped) return;
            ulong confirmed = _positions.Confirmed;
            try
            {
                _copy.SendStatus(confirmed, confirmed, confirmed, replyRequested);
            }
            catch (Exception error)
                when (error is CdcException or OperationCanceledException or ObjectDisposedException)
            {
                // The reading side meets the same end of the connection, and says so.
                _stopped = true;
            }
        }
    }

    /// <summary>No status is sent after this returns.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate) _stopped = true;
    }
}
