using System.Collections.Immutable;
using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Sessions;

/// <summary>The one Resolved that is delivered for all sessions that are in step, and which are not.</summary>
internal sealed class ResolvedOfAll
{
    readonly SortedSet<CollectorSession> _outOfStep = [];
    ImmutableArray<SessionTarget> _except = [];
    bool _isOther, _isSmaller;

    /// <summary>What was delivered last.</summary>
    public CommitTs Value { get; private set; }

    public void Open(CollectorSession session)
    {
        _outOfStep.Add(session);
        _isOther = true;
    }

    public void Close(CollectorSession session)
    {
        Leave(session);
        _outOfStep.Remove(session);
        _isOther = true;
    }

    /// <summary>A stream says that nothing is missing; what was delivered before must hold for it as well.</summary>
    public void Join(CollectorSession session, IncomingStream stream, CommitTs resolved)
    {
        if (session.InStepWith == stream) return;
        if (resolved < Value)
        {
            if (session.CaughtUpWith != stream) stream.CaughtUp.Add(session);
            session.CaughtUpWith = stream;
            return;
        }

        session.CaughtUpWith = null;
        session.InStepWith = stream;
        session.Stream.Join();
        stream.InStep++;
        _outOfStep.Remove(session);
        _isOther = _isSmaller = true;
    }

    /// <summary>No Resolved holds for it any more.</summary>
    public void Leave(CollectorSession session)
    {
        session.CaughtUpWith = null;
        if (session.InStepWith is not { } stream) return;
        stream.InStep--;
        session.InStepWith = null;
        session.Stream.Leave(Value);
        _outOfStep.Add(session);
        _isOther = true;
    }

    /// <summary>Delivers the smallest of all streams that have sessions in step, if it says something new.</summary>
    public void Deliver(List<IncomingStream> streams, ulong openedUpTo, Effects effects)
    {
        CommitTs? smallest = null;
        foreach (IncomingStream stream in streams)
        {
            if (stream.InStep == 0 || stream.Resolved is not { } resolved) continue;
            smallest = smallest is { } other ? CommitTs.Min(other, resolved) : resolved;
        }

        if (smallest is not { } value || value < Value || (value == Value && !_isSmaller)) return;
        if (_isOther) _except = [.. _outOfStep.Select(static s => s.Target)];
        _isOther = _isSmaller = false;
        Value = value;
        effects.Add(new DeliverResolved(value, _except, openedUpTo));
    }
}
