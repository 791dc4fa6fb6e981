using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;

namespace Cdc.Simulator.Scale;

/// <summary>A node's sink and event delivery that answer the next time they are looked at: what is measured is what
/// the roles say.</summary>
sealed class QuickSink
{
    readonly List<Input> _answers = [];
    readonly Dictionary<DispatcherId, OpenSession> _sessions = [];

    /// <summary>The dispatchers that take events, as they opened.</summary>
    public IReadOnlyCollection<OpenSession> Sessions => _sessions.Values;

    public long BlocksWritten { get; private set; }

    public void Do(Effect effect)
    {
        switch (effect)
        {
            case ClaimSpan claim:
                _answers.Add(new SpanClaimed(claim.Mode, claim.Dispatcher, claim.Owner, claim.Ticket, null));
                break;
            case FlushSink flush:
                _answers.Add(new SinkFlushed(flush.Mode, flush.Dispatcher, flush.Owner, flush.Ticket));
                break;
            case WriteBlock write:
                BlocksWritten++;
                _answers.Add(new BlockWritten(write.Mode, write.Dispatcher, write.Owner, write.Ticket, false));
                break;
            case OpenSession open:
                _sessions[open.Dispatcher] = open;
                break;
            case CloseSession close:
                _sessions.Remove(close.Dispatcher);
                break;
        }
    }

    public Input[] TakeAnswers()
    {
        Input[] answers = [.. _answers];
        _answers.Clear();
        return answers;
    }
}
