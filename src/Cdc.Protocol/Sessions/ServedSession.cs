using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>One registration at an event service: what it has been sent.</summary>
internal sealed class ServedSession(SessionKey key, TableSpan span, CommitTs start, OutgoingStream stream)
{
    public SessionKey Key { get; } = key;
    public TableSpan Span { get; } = span;
    public OutgoingStream Stream { get; } = stream;

    /// <summary>None: it has been registered, and not asked for anything yet.</summary>
    public SessionEpoch Epoch { get; set; }

    /// <summary>The last number of this epoch.</summary>
    public long Number { get; set; }

    /// <summary>It has been sent everything up to here, </summary>
    public CommitTs Sent { get; set; } = start;

    /// <summary>and of the step behind it, this much.</summary>
    public long Offset { get; set; }

    /// <summary>All of it up to here is durable: the log may forget it.</summary>
    public CommitTs Checkpoint { get; set; } = start;

    /// <summary>When its collector last spoke of it.</summary>
    public TimeSpan LastSeen { get; set; }

    /// <summary>It waits in its stream's queue for its turn, under this ticket; earlier ones are void.</summary>
    public long? Ticket { get; set; }

    /// <summary>How large the piece was that it was sent beyond the credit last.</summary>
    public long BeyondBytes { get; set; }

    /// <summary>In which round of its stream that was: each begins when the credit has caught up. 0: in none of this
    /// epoch, which may begin with a piece beyond, since what it repeats is given back at once.</summary>
    public long BeyondIn { get; set; }

    /// <summary>The next Resolved names it.</summary>
    public bool IsToBeNamed { get; set; }

    public bool IsRemoved { get; set; }

    public bool IsBehind => Ticket is not null;
}
