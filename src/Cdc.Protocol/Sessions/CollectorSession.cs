using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>One open session of a collector.</summary>
internal sealed class CollectorSession(SessionTarget target, TableSpan span, CommitTs start)
    : IComparable<CollectorSession>
{
    int _repeats;

    public SessionTarget Target { get; } = target;
    public TableSpan Span { get; } = span;
    public Connection Connection { get; } = new();
    public SessionStream Stream { get; } = new(start);

    /// <summary>When something is to be repeated; null: nothing is under way.</summary>
    public TimeSpan? Due { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>The stream that it is in step with; null: it is out of step.</summary>
    public IncomingStream? InStepWith { get; set; }

    /// <summary>The stream for which it is no longer behind, and that is itself behind what was delivered: the session
    /// joins when that has caught up.</summary>
    public IncomingStream? CaughtUpWith { get; set; }

    /// <summary>The last complete statement that named it.</summary>
    public long NamedIn { get; set; }

    /// <summary>The next pause before a repeat, twice as long as the one before.</summary>
    public TimeSpan NextPause()
    {
        TimeSpan pause = SessionLimits.FirstRepeat * (1 << Math.Min(_repeats++, 4));
        return pause < SessionLimits.LongestRepeat ? pause : SessionLimits.LongestRepeat;
    }

    public void ShortenPause() => _repeats = 0;

    /// <summary>Whether the service has begun to send to it, and has to know it.</summary>
    public bool IsServedBy(NodeId service) =>
        Stream.State is StreamState.Behind or StreamState.InStep
        && Connection.Current is { } current && current.Service == service;

    /// <summary>By mode and dispatcher: among the open ones no two are equal.</summary>
    public int CompareTo(CollectorSession? other)
    {
        if (other is null) return 1;
        int byMode = Target.Mode.CompareTo(other.Target.Mode);
        return byMode != 0 ? byMode : Target.Dispatcher.CompareTo(other.Target.Dispatcher);
    }

    public SessionKey Key(Asked asked) => new(Target.Mode, Target.Dispatcher, asked.Registration);
}
