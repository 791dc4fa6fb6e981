namespace Cdc.Protocol.Changefeeds;

/// <summary>Where a changefeed is in its life. The numbers are stored.</summary>
public enum ChangefeedState : byte
{
    /// <summary>It runs.</summary>
    Normal = 0,

    /// <summary>It failed and is tried again, with growing pauses, until it has progress.</summary>
    Warning = 1,

    /// <summary>An operator has paused it.</summary>
    Stopped = 2,

    /// <summary>It failed for good: an operator has to do something and resume it.</summary>
    Failed = 3,

    /// <summary>It has reached its target.</summary>
    Finished = 4,

    /// <summary>It is gone, and what it had is cleaned up.</summary>
    Removed = 5,
}

/// <summary>What is being closed and not yet known to be. The numbers are stored.</summary>
public enum Closing : byte
{
    None = 0,

    /// <summary>Its maintainer is to close every manager, and end.</summary>
    Stop = 1,

    /// <summary>And to have what is left of the changefeed cleaned up.</summary>
    Remove = 2,
}
