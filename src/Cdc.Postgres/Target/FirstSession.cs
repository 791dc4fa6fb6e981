using Cdc.Engine.Failures;

namespace Cdc.Postgres.Target;

/// <summary>The session that looks at a target before it is claimed, and then becomes the writer's: connecting takes
/// longer than all that is asked.</summary>
/// <remarks>One thread at a time, but for disposing.</remarks>
internal sealed class FirstSession(TargetSessions sessions) : IDisposable
{
    TargetSession? _idle;
    bool _isDisposed;

    /// <summary>Connects, if that works now: else whoever takes it tries again, and says what is wrong.
    /// Blocks.</summary>
    public void Prepare(CancellationToken cancellation)
    {
        if (_idle is not null) return;
        try
        {
            GiveBack(sessions.Open(cancellation));
        }
        catch (CdcException)
        {
            // Said by the next attempt.
        }
    }

    /// <summary>The session, if it is still good, or a new one. Blocks.</summary>
    public TargetSession Take(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _idle, null) is not { } idle) return sessions.Open(cancellation);
        try
        {
            idle.Run("SELECT");
            return idle;
        }
        catch (CdcException)
        {
            // Lost while nobody used it.
            idle.Dispose();
            return sessions.Open(cancellation);
        }
    }

    /// <summary>Takes back a session that is outside a transaction.</summary>
    public void GiveBack(TargetSession session)
    {
        Interlocked.Exchange(ref _idle, session)?.Dispose();
        if (Volatile.Read(ref _isDisposed)) Dispose();
    }

    public void Dispose()
    {
        Volatile.Write(ref _isDisposed, true);
        Interlocked.Exchange(ref _idle, null)?.Dispose();
    }
}
