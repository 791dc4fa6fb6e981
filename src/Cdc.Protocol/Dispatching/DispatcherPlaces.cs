namespace Cdc.Protocol.Dispatching;

/// <summary>Where the manager's indexes have a dispatcher, so that none of them has to search.</summary>
sealed class DispatcherPlaces
{
    public int InList { get; set; } = -1;
    public int InSchema { get; set; } = -1;
    public int InHeap { get; set; } = -1;
    public string? Schema { get; set; }

    /// <summary>The checkpoint by which the heap has it.</summary>
    public CommitTs Key { get; set; }

    public bool IsIdle { get; set; }

    /// <summary>Looked at again with the next Resolved.</summary>
    public bool IsJoining { get; set; }

    /// <summary>The last change of the exceptions that named it.</summary>
    public long Excepted { get; set; } = -1;

    /// <summary>When the timers have it next; null: they have not.</summary>
    public TimeSpan? TimerAt { get; set; }

    public bool IsChanged { get; set; }

    /// <summary>What the last report said that it has written.</summary>
    public ulong Written { get; set; }
}
