namespace Cdc.Protocol.Dispatching;

/// <summary>The one thing that the sink does for a dispatcher besides its rows. An answer counts by its ticket: one to
/// an earlier thing is late.</summary>
sealed class SinkOperation
{
    public Operation Current { get; private set; }

    public long Ticket { get; private set; }

    /// <summary>Answers its ticket.</summary>
    public long Begin(Operation operation)
    {
        Current = operation;
        return ++Ticket;
    }

    /// <summary>Whether an answer ends it.</summary>
    public bool End(long ticket, Operation operation)
    {
        if (Current == Operation.None || operation != Current || ticket != Ticket) return false;
        Current = Operation.None;
        return true;
    }

    /// <summary>Nothing is waited for any more.</summary>
    public void Abandon() => Current = Operation.None;
}

enum Operation : byte
{
    None = 0,
    Claim = 1,
    Copy = 2,
    Flush = 3,
    Write = 4,
}
