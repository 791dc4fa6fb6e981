namespace Cdc.Simulator;

/// <summary>What becomes of the changefeed of a run when everything is done.</summary>
public enum EndKind
{
    /// <summary>It is left running.</summary>
    Left,

    Paused,

    Removed,

    /// <summary>It is removed, and its record deleted.</summary>
    Forgotten,
}
