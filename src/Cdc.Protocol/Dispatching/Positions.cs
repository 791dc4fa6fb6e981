using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Dispatching;

/// <summary>How far a dispatcher is: what has come of its session, and what of that is durable.</summary>
sealed class Positions(SharedResolved resolved, RowFlow rows, BlockHandling block, CommitTs start)
{
    CommitTs _received = start;

    /// <summary>Whether what is said of the stream holds for the session.</summary>
    public bool Follows { get; private set; }

    /// <summary>Everything up to it has been taken from the session, and given to the sink.</summary>
    public CommitTs Received =>
        Follows && rows.Inbox.IsEmpty && !block.IsPending ? CommitTs.Max(_received, resolved.Ts) : _received;

    /// <summary>Everything up to it is durable; never goes back.</summary>
    public CommitTs Checkpoint
    {
        get
        {
            CommitTs checkpoint = Received;
            if (rows.FirstWritten is { } written && written <= checkpoint) checkpoint = written.Previous;
            if (block.FirstScheduled is { } scheduled && scheduled <= checkpoint) checkpoint = scheduled.Previous;
            return checkpoint;
        }
    }

    /// <summary>Whether the checkpoint is what the stream has resolved, and nothing else.</summary>
    public bool IsIdle => HasNothing && _received <= resolved.Ts;

    /// <summary>Whether it would be idle if the stream had resolved what it has done already.</summary>
    public bool IsAhead => HasNothing && _received > resolved.Ts;

    bool HasNothing => Follows && rows.IsEmpty && !block.IsPending && block.FirstScheduled is null;

    public void Follow() => Follows = true;

    /// <summary>It does not any more; up to now it did.</summary>
    public void Unfollow()
    {
        Keep();
        Follows = false;
    }

    /// <summary>Something has come behind what is resolved: so far, and from here on step by step.</summary>
    public void Keep() => _received = Received;

    /// <summary>It begins there, whatever it had.</summary>
    public void Begin(CommitTs at) => _received = at;

    public void Raise(CommitTs to) => _received = CommitTs.Max(_received, to);

    /// <summary>Everything behind the checkpoint comes again.</summary>
    public void FallBack() => _received = Checkpoint;

    /// <summary>Gives the sink the rows at the front of the inbox.</summary>
    public void HandOver(Effects effects) => _received = rows.HandOver(_received, effects);

    /// <summary>Whether a block event comes again. If not, it stands just before it.</summary>
    public bool IsBehind(BlockEventId id)
    {
        if (id.At <= _received) return true;
        _received = id.At.Previous;
        return false;
    }
}
